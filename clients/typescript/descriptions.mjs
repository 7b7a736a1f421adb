// What tools and people ask for, once a service: the generated DTOs and the descriptions.

import assert from 'node:assert/strict';
import path from 'node:path';
import ts from 'typescript';
import { casing } from './client.mjs';
import { source, types } from './dtos.mjs';
import { baseUrl } from './host.mjs';

const text = async (path) => {
  const res = await fetch(baseUrl + path);
  assert.equal(res.status, 200, path);
  return res.text();
};

/** A caller's program. It compiles only if the generated DTOs are what the official client takes. */
const program = `
import { JsonApiClient, JsonServiceClient } from '@servicestack/client';
import { Customer, CustomerPayment, CustomerPaymentsRequest, CustomerPaymentsResponse, PaymentInfo } from './dtos';
export async function ask(): Promise<[boolean, string]> {
  const request = new CustomerPaymentsRequest({ ORDERID: '1', PAYMENTINFO: new PaymentInfo({ STRIPETOKEN: 't' }), CUSTOMER: new Customer({ AGENTID: 3 }) });
  const response: CustomerPaymentsResponse = await new JsonServiceClient('/').post(request);
  const api = await JsonApiClient.create('/').api(request);
  const payment: CustomerPayment | undefined = api.response?.PAYMENT;
  return [response.SUCCESS, payment?.AMOUNT ?? ''];
}`;

const names = {
  pascal: { ORDERID: 'OrderID', PAYMENTINFO: 'PaymentInfo', STRIPETOKEN: 'StripeToken', CUSTOMER: 'Customer', AGENTID: 'AgentId', PAYMENT: 'CustomerPayment', SUCCESS: 'PaymentSuccess', AMOUNT: 'Amount' },
  camel: { ORDERID: 'orderID', PAYMENTINFO: 'paymentInfo', STRIPETOKEN: 'stripeToken', CUSTOMER: 'customer', AGENTID: 'agentId', PAYMENT: 'customerPayment', SUCCESS: 'paymentSuccess', AMOUNT: 'amount' },
}[casing];

/** Compiles the program with the generated DTOs, and returns what the compiler says. */
function compile() {
  const here = path.dirname(new URL(import.meta.url).pathname);
  const files = {
    [path.join(here, 'dtos.ts')]: source,
    [path.join(here, 'program.ts')]: program.replace(/\b[A-Z]{6,}\b/g, (name) => names[name] ?? name),
  };
  const options = { strict: true, strictPropertyInitialization: false, noEmit: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, types: [] };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name in files || fileExists.call(host, name);
  host.getSourceFile = (name, ...rest) => name in files ? ts.createSourceFile(name, files[name], options.target) : getSourceFile.call(host, name, ...rest);
  const built = ts.createProgram(Object.keys(files), options, host);
  return ts.getPreEmitDiagnostics(built).map((d) => ts.flattenDiagnosticMessageText(d.messageText, '\n'));
}

export const checks = {
  'the generated TypeScript has every class, named for the client'() {
    assert.match(source, /^\/\* Options:/);
    for (const name of ['CustomerPayment', 'CustomerPaymentsResponse', 'Customer', 'PaymentInfo', 'CustomerPaymentsRequest']) assert.ok(types[name], name);
    const request = new types.CustomerPaymentsRequest();
    assert.equal(request.getTypeName(), 'CustomerPaymentsRequest');
    assert.equal(request.getMethod(), 'POST');
    assert.ok(request.createResponse() instanceof types.CustomerPaymentsResponse);
  },

  'a strict program with the generated DTOs compiles against the official client'() {
    assert.deepEqual(compile(), []);
  },

  async 'the other languages are generated too'() {
    const python = await text('/types/python');
    for (const line of ['class CustomerPaymentsRequest(IReturn[CustomerPaymentsResponse]):', '    customer_i_d: int = 0', '    public_order_i_d: Optional[str] = None',
      '@dataclass_json(letter_case=LetterCase.CAMEL, undefined=Undefined.EXCLUDE)']) assert.ok(python.includes(line), line);
    const csharp = await text('/types/csharp');
    assert.match(csharp, /public partial class CustomerPaymentsRequest\s+: IReturn<CustomerPaymentsResponse>/);
  },

  async 'the service describes itself'() {
    const doc = JSON.parse(await text('/openapi.json'));
    assert.equal(doc.openapi, '3.1.0');
    for (const route of ['/v1/CustomerPayments', '/v1/CustomerPayments/{OrderID}', '/api/CustomerPaymentsRequest']) assert.ok(doc.paths[route], route);
    const page = await text('/metadata');
    assert.match(page, /CustomerPaymentsRequest/);
    assert.ok(!page.includes('<script'));
  },
};
