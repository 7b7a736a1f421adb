// What every client must be able to do: pay, complete, read, and be told what is wrong.

import assert from 'node:assert/strict';
import { assertPaid, connect, pay, read, refused, request, unknownOrder } from './client.mjs';
import { authenticate, makeOrder, password } from './host.mjs';

export const checks = {
  async 'pays an order by a token, once'(kind) {
    const client = connect(kind), order = await makeOrder();
    const answer = await pay(client, order, 'tok_visa');
    assertPaid(answer);
    assert.match(read(answer, 'CustomerPayment', 'CardNumber'), /4242$/);
    const again = await pay(client, order, 'tok_visa');
    assertPaid(again);
    assert.equal(read(again, 'CustomerPayment', 'ID'), read(answer, 'CustomerPayment', 'ID'));
    assert.equal(read(again, 'CustomerPayment', 'TransactionId'), read(answer, 'CustomerPayment', 'TransactionId'));
  },

  async 'reads the payment back on every route'(kind) {
    const client = connect(kind), order = await makeOrder();
    const answer = await pay(client, order, 'tok_visa');
    const dashed = order.replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-').toUpperCase();
    for (const found of [
      await client.get(request(order)),
      await client.get(request(dashed)),
      await client.get(`/v1/CustomerPayments/${order}`),
      await client.get(`/v1/CustomerPayments/${dashed}`),
      await client.get(`/v1/customerpayments/${order}.json`),
      await client.get(`/v1/CustomerPayments/${order}`, { format: 'json' }),
      await client.put(request(order)),
    ]) {
      assertPaid(found);
      assert.deepEqual(found, answer);
    }
  },

  async 'completes a payment after 3-D Secure'(kind) {
    const client = connect(kind), order = await makeOrder();
    const asked = await pay(client, order, 'tok_threeDSecure2Required');
    assert.equal(read(asked, 'PaymentIntentSuccess'), true, JSON.stringify(asked));
    assert.equal(read(asked, 'PaymentSuccess'), false);
    assert.equal(read(asked, 'CustomerPayment', 'Approved'), false);
    assert.equal(read(asked, 'CustomerPayment', 'PaymentStatus'), 2);
    const secret = read(asked, 'ClientSecret');
    assert.ok(secret, 'no client secret');
    const found = await client.get(request(order));
    assert.equal(read(found, 'ClientSecret'), undefined, 'a client secret on GET');
    await authenticate(secret);
    const done = await client.put(request(order));
    assertPaid(done);
    assert.deepEqual(await client.put(request(order)), done);
  },

  async 'sees a decline as an answer, and pays with another card'(kind) {
    const client = connect(kind), order = await makeOrder();
    const declined = await pay(client, order, 'tok_chargeDeclined');
    assert.equal(client.last.status, 200);
    assert.equal(read(declined, 'PaymentSuccess'), false, JSON.stringify(declined));
    assert.equal(read(declined, 'PaymentIntentSuccess'), false);
    assert.equal(read(declined, 'CustomerPayment', 'Approved'), false);
    assert.equal(read(declined, 'CustomerPayment', 'ResponseCode'), 2);
    assert.equal(read(declined, 'CustomerPayment', 'PaymentStatus'), 6);
    assert.ok(read(declined, 'Message'));
    assertPaid(await pay(client, order, 'tok_visa'));
  },

  async 'may ask for the other casing'(kind) {
    const client = connect(kind), order = await makeOrder();
    await pay(client, order, 'tok_visa');
    const camel = await client.get(request(order), { jsconfig: 'eccn' });
    assert.equal(camel.paymentSuccess, true, JSON.stringify(camel));
    assert.equal(camel.customerPayment.paymentStatus, 5);
    const pascal = await client.get(request(order), { jsconfig: 'eccn:false' });
    assert.equal(pascal.PaymentSuccess, true);
    assert.equal(pascal.CustomerPayment.PaymentStatus, 5);
  },

  async 'repeats an answer for an idempotency key'(kind) {
    const client = connect(kind), order = await makeOrder();
    client.headers.set('Idempotency-Key', crypto.randomUUID());
    const answer = await pay(client, order, 'tok_visa');
    assert.equal(client.last.headers.get('Idempotent-Replayed'), null);
    assert.deepEqual(await pay(client, order, 'tok_visa'), answer);
    assert.equal(client.last.headers.get('Idempotent-Replayed'), 'true');
    const other = await makeOrder();
    await refused(client, pay(client, other, 'tok_visa'), 422, 'IdempotencyKeyReused');
  },

  async 'is told what is wrong (400)'(kind) {
    const client = connect(kind), order = await makeOrder();
    const bind = 'SerializationException';
    await refused(client, pay(client, 'not-a-guid', 'tok_visa'), 400, bind, 'OrderID');
    await refused(client, client.get('/v1/CustomerPayments/not-a-guid'), 400, bind, 'OrderID');
    await refused(client, client.get(request(order, {})), 400, bind, 'PaymentInfo');
    await refused(client, client.post(request(order, null, { ID: 'nine' })), 400, bind, 'Customer.ID');
    await refused(client, pay(client, undefined, 'tok_visa'), 400, 'NotEmpty', 'OrderID');
    const both = { StripeToken: 'tok_visa', CardNumber: '4242424242424242', ExpDate: '12/40', CCV: '123' };
    await refused(client, client.post(request(order, both)), 400, 'Empty', 'PaymentInfo.CardNumber');
    await refused(client, client.post(request(order, { PaymentType: 'cheque' })), 400, 'Enum', 'PaymentInfo.PaymentType');
    const result = await client.api(request(order, both));
    assert.equal(result.failed, true);
    assert.ok(result.fieldError('PaymentInfo.CardNumber'), JSON.stringify(result.error));
  },

  async 'is not let in without credentials or a role (401, 403)'(kind) {
    const order = await makeOrder();
    for (const [user, secret] of [[null, null], ['agent', 'wrong'], ['stranger', password]]) {
      const client = connect(kind, user, secret);
      await refused(client, client.get(request(order)), 401, 'Unauthorized');
      await refused(client, pay(client, order, 'tok_visa'), 401, 'Unauthorized');
      assert.ok(client.last.headers.get('WWW-Authenticate'));
    }
    const nobody = connect(kind, 'nobody');
    await refused(nobody, nobody.get(request(order)), 403, 'Forbidden');
    await refused(nobody, pay(nobody, order, 'tok_visa'), 403, 'Forbidden');
  },

  async 'finds no foreign and no unknown order (404)'(kind) {
    const order = await makeOrder();
    const agent = connect(kind), other = connect(kind, 'other');
    await pay(agent, order, 'tok_visa');
    const answers = [
      await refused(agent, agent.get(request(unknownOrder)), 404, 'NotFound'),
      await refused(other, other.get(request(order)), 404, 'NotFound'),
      await refused(other, other.put(request(order)), 404, 'NotFound'),
      await refused(other, pay(other, order, 'tok_visa'), 404, 'NotFound'),
      await refused(agent, pay(agent, unknownOrder, 'tok_visa'), 404, 'NotFound'),
    ];
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    for (const user of ['boss', 'admin']) assertPaid(await connect(kind, user).get(request(order)));
  },

  async 'cannot pay an order without a total (409)'(kind) {
    const client = connect(kind), order = await makeOrder({ total: '0.00' });
    await refused(client, pay(client, order, 'tok_visa'), 409, 'Conflict', 'OrderID');
  },

  async 'uses the documented route'(kind) {
    const client = connect(kind), order = await makeOrder();
    const body = request(order, { StripeToken: 'tok_visa' });
    if (kind === 'JsonApiClient') {
      // It sends text/plain, which the documented route does not take.
      await refused(client, client.postToUrl('/v1/CustomerPayments', body), 415, 'UnsupportedMediaType');
      client.headers.set('Content-Type', 'application/json');
    }
    const answer = await client.postToUrl('/v1/CustomerPayments', body);
    assertPaid(answer);
    assert.deepEqual(await client.putToUrl('/v1/CustomerPayments', body), answer);
    await refused(client, client.delete(`/v1/CustomerPayments/${order}`), 405, 'NotSupported');
    await refused(client, client.get('/v1/Nothing'), 404, 'NotFound');
  },
};
