// Tries in a real Chromium what pages of foreign origins can do to a payer who is logged in: JSONP, CORS, form posts and
// frames. Prints one line a failure and "N passed, N failed"; exits with 1 when anything failed.
//
//   BASE_URL=http://127.0.0.1:8080 node browser.mjs
//
// The service must allow the origin http://localhost:18092 (ALLOWED_PORT), and must not allow 18093. Both are of another
// site than 127.0.0.1. CHROMIUM is the browser's path.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { baseUrl, makeOrder, password } from './host.mjs';

const allowedPort = Number(process.env.ALLOWED_PORT ?? 18092);
const allowed = `http://localhost:${allowedPort}`, evil = `http://localhost:${allowedPort + 1}`;
const authorization = 'Basic ' + Buffer.from(`agent:${password}`).toString('base64');
const patience = 10_000;

/** Serves an empty page on a port; its referrer policy may be asked for in the query. */
function serve(port) {
  const server = createServer((req, res) => {
    const policy = new URL(req.url, 'http://x').searchParams.get('policy');
    res.setHeader('Content-Type', 'text/html; charset=utf-8');
    if (policy) res.setHeader('Referrer-Policy', policy);
    res.end('<!DOCTYPE html><title>page</title><body></body>');
  });
  return new Promise((done) => server.listen(port, '127.0.0.1', () => done(server)));
}

const ask = (url, init = {}) => fetch(baseUrl + url, { ...init, headers: { Authorization: authorization, 'Content-Type': 'application/json', ...init.headers } });

/** An order that is paid, and its path. */
async function paidOrder() {
  const order = await makeOrder();
  const res = await ask('/v1/CustomerPayments', { method: 'POST', body: JSON.stringify({ OrderID: order, PaymentInfo: { StripeToken: 'tok_visa' } }) });
  assert.equal(res.status, 200);
  return `/v1/CustomerPayments/${order}`;
}

/** Asserts that nothing happened to an order. */
async function untouched(order) {
  assert.equal((await ask(`/v1/CustomerPayments/${order}`)).status, 404, 'a foreign page began a payment');
}

const user = await mkdtemp(path.join(tmpdir(), 'browser-'));
const servers = await Promise.all([serve(allowedPort), serve(allowedPort + 1)]);
const browser = await chromium.launchPersistentContext(user, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  // Every request carries the credentials, whatever page it comes from. This Chromium keeps what it knows of a site apart for
  // each site that embeds it, as not every browser does: here only the service's own fences may count.
  extraHTTPHeaders: { Authorization: authorization },
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  timeout: 30_000,
});
browser.setDefaultTimeout(patience);

/** Opens a page of an origin. */
async function open(origin, query = '') {
  const page = await browser.newPage();
  await page.goto(`${origin}/${query}`);
  return page;
}

/** Loads an address as a script of the page, and returns what the callback got, and the answer's status or 'blocked'. */
async function script(page, url) {
  const ours = (of) => of.url().startsWith(baseUrl + url.split('?')[0]);
  const answered = Promise.race([
    page.waitForEvent('response', ours).then((res) => res.status()),
    page.waitForEvent('requestfailed', ours).then(() => 'blocked'),
  ]);
  const got = page.evaluate((src) => new Promise((done) => {
    let data = null;
    window.cb = (value) => { data = value; };
    window.pwned = false;
    const el = document.createElement('script');
    el.onload = el.onerror = () => done({ data, pwned: window.pwned });
    el.src = src;
    document.body.append(el);
  }), baseUrl + url);
  return { ...(await got), status: await answered };
}

/** Fetches from within the page: the status and the body, or the error. */
const inPage = (page, url, init) => page.evaluate(async ([url, init]) => {
  try {
    const res = await fetch(url, init);
    return { status: res.status, body: await res.text() };
  } catch (e) {
    return { error: String(e) };
  }
}, [baseUrl + url, init]);

/** Submits a form from the page, as a foreign page can without being asked. */
async function submit(page, action, enctype, fields) {
  const [res] = await Promise.all([
    page.waitForResponse((r) => r.request().method() === 'POST'),
    page.evaluate(([action, enctype, fields]) => {
      const form = document.createElement('form');
      Object.assign(form, { method: 'POST', action, enctype });
      for (const [name, value] of Object.entries(fields)) {
        const input = document.createElement('input');
        Object.assign(input, { name, value });
        form.append(input);
      }
      document.body.append(form);
      form.submit();
    }, [baseUrl + action, enctype, fields]),
  ]);
  return res.status();
}

const checks = {
  async 'the payer reads the payment as a page'() {
    const page = await browser.newPage();
    const res = await page.goto(baseUrl + await paidOrder());
    assert.equal(res.status(), 200);
    assert.match(res.headers()['content-type'], /^text\/html/);
    assert.equal(await page.textContent('h1'), 'Customer payment');
    assert.match(await page.textContent('body'), /12\.50/);
  },

  async 'a person reads /metadata, which runs nothing'() {
    const page = await browser.newPage();
    const res = await page.goto(baseUrl + '/metadata');
    assert.match(res.headers()['content-security-policy'], /default-src 'none'/);
    assert.equal(await page.textContent('h1'), 'Customer payments');
  },

  async 'JSONP gives a page of an allowed origin the payment'() {
    const got = await script(await open(allowed), `${await paidOrder()}?callback=cb&jsconfig=eccn:false`);
    assert.equal(got.status, 200);
    assert.equal(got.data?.PaymentSuccess, true, JSON.stringify(got));
  },

  async 'JSONP gives a foreign page nothing'() {
    const got = await script(await open(evil), `${await paidOrder()}?callback=cb`);
    assert.deepEqual(got, { data: null, pwned: false, status: 403 });
  },

  async 'JSONP gives a page that hides its origin nothing'() {
    for (const origin of [evil, allowed]) {
      const got = await script(await open(origin, '?policy=no-referrer'), `${await paidOrder()}?callback=cb`);
      assert.deepEqual(got, { data: null, pwned: false, status: 403 });
    }
  },

  async 'JSONP runs nothing but the callback'() {
    for (const name of ['pwned=true//', 'cb;pwned=true', 'cb(pwned=true)//']) {
      const got = await script(await open(allowed), `${await paidOrder()}?callback=${encodeURIComponent(name)}`);
      assert.deepEqual(got, { data: null, pwned: false, status: 'blocked' }); // JSON, and nosniff
    }
  },

  async 'JSON, CSV and HTML do not run as scripts'() {
    for (const query of ['?format=json', '?format=html', '?format=csv']) {
      const got = await script(await open(evil), await paidOrder() + query);
      assert.equal(got.data, null);
      assert.equal(got.pwned, false);
    }
  },

  async 'CORS lets a page of an allowed origin pay and read'() {
    const page = await open(allowed), order = await makeOrder();
    const init = { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: authorization, 'Idempotency-Key': order },
      body: JSON.stringify({ OrderID: order, PaymentInfo: { StripeToken: 'tok_visa' } }) };
    const got = await inPage(page, '/v1/CustomerPayments', init);
    assert.equal(got.status, 200, JSON.stringify(got));
    assert.match(got.body, /"paymentSuccess":true/i);
    const put = await inPage(page, '/v1/CustomerPayments', { ...init, method: 'PUT' });
    assert.equal(put.status, 200, JSON.stringify(put));
    const missing = await inPage(page, `/v1/CustomerPayments/${'f'.repeat(32)}`, { headers: { Authorization: authorization } });
    assert.equal(missing.status, 404, 'errors are read too');
  },

  async 'CORS lets a foreign page neither pay nor read'() {
    const page = await open(evil), order = await makeOrder();
    const body = JSON.stringify({ OrderID: order, PaymentInfo: { StripeToken: 'tok_visa' } });
    for (const [url, init] of [
      ['/v1/CustomerPayments', { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: authorization }, body }],
      ['/v1/CustomerPayments', { method: 'PUT', headers: { 'Content-Type': 'application/json' }, credentials: 'include', body }],
      ['/api/CustomerPaymentsRequest', { method: 'POST', credentials: 'include', body }],
      [await paidOrder(), { credentials: 'include' }],
      [await paidOrder(), { headers: { Authorization: authorization } }],
    ]) {
      const got = await inPage(page, url, init);
      assert.match(got.error ?? '', /TypeError/, `${url} ${JSON.stringify(got)}`);
    }
    await inPage(page, '/api/CustomerPaymentsRequest', { method: 'POST', mode: 'no-cors', credentials: 'include', body });
    await untouched(order);
  },

  async 'a form of a foreign page has no effect'() {
    const order = await makeOrder();
    const fields = { OrderID: order, PaymentInfo: '{StripeToken:tok_visa}' };
    for (const action of ['/v1/CustomerPayments', '/api/CustomerPaymentsRequest', '/json/reply/CustomerPaymentsRequest', '/api/CustomerPaymentsRequest[]']) {
      for (const enctype of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data']) {
        assert.equal(await submit(await open(evil), action, enctype, fields), 403, `${action} ${enctype}`);
      }
    }
    const json = `{"OrderID":"${order}","PaymentInfo":{"StripeToken":"tok_visa"},"x":"`;
    assert.equal(await submit(await open(evil), '/api/CustomerPaymentsRequest', 'text/plain', { [json]: '"}' }), 403);
    assert.equal(await submit(await open(evil, '?policy=no-referrer'), '/v1/CustomerPayments', 'application/x-www-form-urlencoded', fields), 403);
    await untouched(order);
  },

  async 'a foreign page cannot frame the payment'() {
    const page = await open(evil), url = baseUrl + await paidOrder();
    await page.evaluate((src) => new Promise((done) => {
      const frame = document.createElement('iframe');
      frame.onload = done;
      frame.src = src;
      document.body.append(frame);
    }), url);
    for (const frame of page.frames().slice(1)) {
      const text = await frame.textContent('body').catch(() => '');
      assert.ok(!text.includes('12.50'), 'the payment is in the frame');
    }
  },
};

let passed = 0, failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    passed++;
  } catch (e) {
    failed++;
    console.log(`FAIL ${name}: ${e.stack}`);
  }
}
console.log(`${passed} passed, ${failed} failed, in Chromium ${browser.browser()?.version() ?? ''}`.trim());
await browser.close();
for (const server of servers) server.closeAllConnections(), server.close();
await rm(user, { recursive: true, force: true });
process.exitCode = failed ? 1 : 0;
