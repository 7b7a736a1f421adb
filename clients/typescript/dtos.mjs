// The DTOs that the service generates at /types/typescript, as a caller's "Add ServiceStack Reference" fetches them.

import ts from 'typescript';
import { baseUrl } from './host.mjs';

/** The generated source text. */
export const source = await fetch(`${baseUrl}/types/typescript`).then((res) => {
  if (!res.ok) throw new Error(`/types/typescript: ${res.status}`);
  return res.text();
});

const { outputText } = ts.transpileModule(source, {
  compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, useDefineForClassFields: false },
});

/** The generated classes by their names. */
export const types = await import('data:text/javascript,' + encodeURIComponent(outputText));
