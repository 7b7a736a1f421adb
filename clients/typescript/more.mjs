// What callers do besides the plain payment: intents, subscriptions, batches, bad luck, and the client's own ways to ask.

import assert from 'node:assert/strict';
import { assertPaid, connect, pay, read, refused, request, unknownOrder } from './client.mjs';
import { authenticate, fault, makeOrder } from './host.mjs';

export const checks = {
  async 'begins an intent and begins it only once'(kind) {
    const client = connect(kind), order = await makeOrder();
    const first = await client.post(request(order));
    assert.equal(read(first, 'PaymentIntentSuccess'), true, JSON.stringify(first));
    assert.equal(read(first, 'CustomerPayment', 'ResponseCode'), 0);
    assert.ok(read(first, 'ClientSecret'));
    const again = await client.post(request(order, { PaymentType: 'intent' }));
    assert.equal(read(again, 'ClientSecret'), read(first, 'ClientSecret'));
    assert.equal(read(again, 'CustomerPayment', 'ID'), read(first, 'CustomerPayment', 'ID'));
  },

  async 'completes an open intent with a token'(kind) {
    const client = connect(kind), order = await makeOrder();
    await client.post(request(order));
    assertPaid(await client.put(request(order, { StripeToken: 'tok_visa' })));
  },

  async 'sees a failed 3-D Secure, and pays with another card'(kind) {
    const client = connect(kind), order = await makeOrder();
    const asked = await pay(client, order, 'tok_threeDSecure2Required');
    await authenticate(read(asked, 'ClientSecret'), 'fail');
    const failed = await client.put(request(order));
    assert.equal(read(failed, 'PaymentSuccess'), false);
    assert.equal(read(failed, 'CustomerPayment', 'Approved'), false);
    assertPaid(await pay(client, order, 'tok_visa'));
  },

  async 'pays with a raw card where the gateway takes one'(kind) {
    const client = connect(kind), order = await makeOrder();
    const answer = await client.post(request(order, { PaymentType: 'card', CardNumber: '4242424242424242', ExpDate: '12/40', CCV: '123' }));
    assertPaid(answer);
    assert.ok(!JSON.stringify(answer).includes('4242424242424242'), 'the card number is in the answer');
  },

  async 'takes members in another casing and of another type'(kind) {
    const client = connect(kind), order = await makeOrder();
    const dashed = '{' + order.replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-').toUpperCase() + '}';
    const odd = request(undefined);
    Object.assign(odd, { ORDERID: dashed, pAYMENTiNFO: { stripeTOKEN: 'tok_visa', AgentID: '3' }, amount: '0.01', approved: true });
    assertPaid(await client.post(odd));
  },

  async 'sees an outcome that nobody knows as pending'(kind) {
    const client = connect(kind), order = await makeOrder();
    await fault('confirm', 'drop_after');
    await fault('fetch', 'drop_before', 20);
    const answer = await pay(client, order, 'tok_visa');
    assert.equal(client.last.status, 202, JSON.stringify(answer));
    assert.equal(read(answer, 'CustomerPayment', 'PaymentStatus'), 11);
    assert.equal(read(answer, 'CustomerPayment', 'ResponseCode'), 3);
    assert.equal(read(answer, 'CustomerPayment', 'Approved'), false);
    assert.ok(read(answer, 'Message'));
    let found;
    for (let i = 0; i < 40; i++) {
      found = await client.put(request(order));
      if (client.last.status === 200) break;
    }
    assertPaid(found);
  },

  async 'pays once when it asks twice at once'(kind) {
    const order = await makeOrder();
    const answers = await Promise.all([1, 2, 3].map(() => pay(connect(kind), order, 'tok_visa')));
    for (const answer of answers) {
      assertPaid(answer);
      assert.equal(read(answer, 'CustomerPayment', 'TransactionId'), read(answers[0], 'CustomerPayment', 'TransactionId'));
    }
  },

  async 'sends several requests as one (sendAll)'(kind) {
    const client = connect(kind), one = await makeOrder(), two = await makeOrder();
    const body = (order) => request(order, { StripeToken: 'tok_visa' });
    const answers = await client.sendAll([body(one), body(unknownOrder), body(two)]);
    assert.equal(client.last.headers.get('X-AutoBatch-Completed'), '3');
    assert.equal(answers.length, 3);
    assertPaid(answers[0]);
    assert.equal(read(answers[1], 'ResponseStatus', 'ErrorCode'), 'NotFound');
    assertPaid(answers[2]);
  },

  async 'uses api() for answers and errors'(kind) {
    const client = connect(kind), order = await makeOrder();
    const good = await client.api(request(order, { StripeToken: 'tok_visa' }));
    assert.equal(good.succeeded, true, JSON.stringify(good.error));
    assertPaid(good.response);
    const bad = await connect(kind, null).api(request(order));
    assert.equal(bad.failed, true);
    assert.equal(bad.errorCode, 'Unauthorized');
    const missing = await client.api(request(unknownOrder), null, 'GET');
    assert.equal(missing.errorCode, 'NotFound');
  },

  async 'is read with nulls, and without defaults'(kind) {
    const client = connect(kind), order = await makeOrder();
    await pay(client, order, 'tok_visa');
    const nulls = await client.get(request(order), { jsconfig: 'inv' });
    assert.equal(read(nulls, 'ClientSecret'), null);
    assert.equal(read(nulls, 'ResponseStatus'), null);
    const bare = await client.get(request(order), { jsconfig: 'edv' });
    assert.equal(read(bare, 'PaymentIntentSuccess'), undefined);
    assert.equal(read(bare, 'PaymentSuccess'), true);
  },

  async 'overrides the verb by a header'(kind) {
    const client = connect(kind), order = await makeOrder();
    const paid = await pay(client, order, 'tok_visa');
    client.headers.set('X-Http-Method-Override', 'PUT');
    assert.deepEqual(await client.post(request(order)), paid);
    await refused(client, client.post(request(unknownOrder)), 404, 'NotFound');
    client.headers.set('X-Http-Method-Override', 'DELETE');
    await refused(client, client.post(request(order)), 405, 'NotSupported');
  },

  async 'is refused wrong verbs, sizes and types (405, 413, 415)'(kind) {
    const client = connect(kind), order = await makeOrder();
    await refused(client, client.delete(request(order)), 405, 'NotSupported');
    assert.match(client.last.headers.get('Allow'), /GET, HEAD, POST, PUT, OPTIONS/);
    await refused(client, client.patch(request(order)), 405, 'NotSupported');
    await refused(client, client.post(request(order, null, { BusinessName: 'x'.repeat(70000) })), 413, 'PayloadTooLarge');
    client.headers.set('Content-Type', 'application/octet-stream');
    await refused(client, pay(client, order, 'tok_visa'), 415, 'UnsupportedMediaType');
  },

  async 'finds headers on every answer'(kind) {
    const client = connect(kind), order = await makeOrder();
    await pay(client, order, 'tok_visa');
    await refused(client, client.get(request(unknownOrder)), 404, 'NotFound');
    const headers = client.last.headers;
    assert.equal(headers.get('X-Content-Type-Options'), 'nosniff');
    assert.equal(headers.get('Cache-Control'), 'no-store');
    assert.equal(headers.get('Content-Type'), 'application/json; charset=utf-8');
    assert.match(headers.get('Vary'), /Accept/);
  },

  async 'pays in a currency without decimals'(kind) {
    const client = connect(kind), order = await makeOrder({ currency: 'JPY', total: '500' });
    const answer = await pay(client, order, 'tok_mastercard');
    assert.equal(read(answer, 'CustomerPayment', 'Amount'), '500', JSON.stringify(answer));
    assert.match(read(answer, 'CustomerPayment', 'CardNumber'), /4444$/);
  },
};
