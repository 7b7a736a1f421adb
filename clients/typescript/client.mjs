// What the checks share: the clients as callers make them, requests, and what is asserted again and again.

import assert from 'node:assert/strict';
import { JsonApiClient, JsonServiceClient } from '@servicestack/client';
import { types } from './dtos.mjs';
import { baseUrl, password } from './host.mjs';

export const casing = (process.env.CASING ?? 'pascal').toLowerCase();
export const unknownOrder = 'f'.repeat(32);

/** Spells a member as the service does: "ID" is "id", "PublicOrderID" is "publicOrderID". */
export function spelled(name) {
  if (casing !== 'camel') return name;
  return name.replace(/^[A-Z]+?(?=[A-Z]?[a-z]|$)/, (head) => head.toLowerCase());
}

/** Reads a member of an answer; an answer in the other casing has none. */
export const read = (answer, ...path) => path.reduce((at, name) => at?.[spelled(name)], answer);

/** The clients that callers use. Each is made anew, for a user, and notes the status and headers of its last answer. */
export const kinds = {
  JsonServiceClient: () => new JsonServiceClient(baseUrl),
  'JsonServiceClient, /json/reply': () => new JsonServiceClient(baseUrl).useBasePath(''),
  JsonApiClient: () => JsonApiClient.create(baseUrl),
};

export function connect(kind, user = 'agent', secret = password) {
  const client = kinds[kind]();
  if (user) client.setCredentials(user, secret);
  client.responseFilter = (res) => { client.last = res; };
  return client;
}

/** Makes a DTO of members that are written in PascalCase, whatever the casing of the generated class. */
export const dto = (type, members) =>
  new types[type](Object.fromEntries(Object.entries(members).map(([name, value]) => [spelled(name), value])));

export const request = (order, info, customer) => dto('CustomerPaymentsRequest', {
  OrderID: order,
  PaymentInfo: info && dto('PaymentInfo', info),
  Customer: customer && dto('Customer', customer),
});

export const pay = (client, order, token) => client.post(request(order, { PaymentType: 'token', StripeToken: token }));

/** Asserts that a promise fails with a ResponseStatus, and returns it. */
export async function refused(client, promise, status, code, field) {
  let error;
  try { await promise; } catch (e) { error = e; }
  assert.ok(error, `expected ${status} ${code}, and it went well`);
  const rs = error.responseStatus;
  assert.ok(rs, `no ResponseStatus in ${JSON.stringify(error)}`);
  assert.equal(client.last.status, status);
  assert.equal(rs.errorCode, code);
  assert.ok(rs.message, 'the ResponseStatus has no message');
  assert.ok(!rs.stackTrace, 'the ResponseStatus has a stack trace');
  if (field) assert.deepEqual(rs.errors.map((e) => e.fieldName), [field]);
  return rs;
}

export function assertPaid(answer) {
  assert.equal(read(answer, 'PaymentSuccess'), true, JSON.stringify(answer));
  assert.equal(read(answer, 'PaymentIntentSuccess'), false);
  assert.equal(read(answer, 'SubscriptionSuccess'), false);
  assert.equal(read(answer, 'ClientSecret'), undefined);
  const payment = read(answer, 'CustomerPayment');
  assert.ok(read(payment, 'ID') > 0);
  assert.equal(read(payment, 'Amount'), '12.50');
  assert.equal(read(payment, 'Approved'), true);
  assert.equal(read(payment, 'ResponseCode'), 1);
  assert.equal(read(payment, 'PaymentStatus'), 5);
  assert.match(read(payment, 'CardNumber'), /^\*{12}\d{4}$/);
  assert.ok(read(payment, 'TransactionId'));
  assert.match(read(payment, 'TransactionDate'), /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
  assert.equal(typeof JSON.parse(read(payment, 'FullResponse')), 'object');
}
