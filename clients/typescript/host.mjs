// The host application's own routes, as far as the check needs them: making an order, and being the payer at the fake
// gateway's 3-D Secure page.

export const baseUrl = (process.env.BASE_URL ?? 'http://127.0.0.1:8080').replace(/\/+$/, '');
const ordersUrl = process.env.ORDERS_URL ?? `${baseUrl}/orders`;
const authenticateUrl = process.env.AUTHENTICATE_URL ?? `${baseUrl}/fake/authenticate`;
const faultsUrl = process.env.FAULTS_URL ?? `${baseUrl}/fake/faults`;

/** The users of the example host; all have the same password. */
export const password = process.env.PASSWORD ?? 'p@ss';

async function post(url, body) {
  const res = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Authorization: 'Basic ' + Buffer.from(`agent:${password}`).toString('base64'),
    },
    body: JSON.stringify(body),
  });
  const text = await res.text();
  if (!res.ok) throw new Error(`POST ${url}: ${res.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

/** Makes an order and returns its id: 12.50 USD of agent 3 where nothing else is said. */
export async function makeOrder(changes) {
  const order = await post(ordersUrl, {
    currency: 'USD', total: '12.50', agentId: 3, customerId: 0, recurring: false, ...changes,
  });
  if (!/^[0-9a-f]{32}$/.test(order?.orderId ?? '')) throw new Error('the host made no order: ' + JSON.stringify(order));
  return order.orderId;
}

/** Answers the bank's question for the payer. */
export const authenticate = (clientSecret, result = 'success') => post(authenticateUrl, { clientSecret, result });

/** Makes the next calls to the gateway go wrong. */
export const fault = (operation, name, times = 1) => post(faultsUrl, { operation, fault: name, times });
