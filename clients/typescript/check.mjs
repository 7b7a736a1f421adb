// Runs the official TypeScript client (@servicestack/client) against a running service, in all the ways in which callers
// use it, with the DTOs that the service itself generates. Prints one line a failure and "N passed, N failed"; exits with 1
// when anything failed.
//
//   BASE_URL=http://127.0.0.1:8080 CASING=pascal node check.mjs
//
// CASING is what the service was told ("pascal", or "camel"): every answer must be spelled so.

import { checks as basic } from './basic.mjs';
import { kinds } from './client.mjs';
import { checks as descriptions } from './descriptions.mjs';
import { checks as more } from './more.mjs';

let passed = 0, failed = 0;

async function run(name, check, kind) {
  try {
    await check(kind);
    passed++;
  } catch (e) {
    failed++;
    console.log(`FAIL ${kind ?? ''} ${name}: ${e.stack ?? JSON.stringify(e)}`);
  }
}

for (const kind of Object.keys(kinds)) {
  for (const [name, check] of Object.entries({ ...basic, ...more })) await run(name, check, kind);
}
for (const [name, check] of Object.entries(descriptions)) await run(name, check);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
