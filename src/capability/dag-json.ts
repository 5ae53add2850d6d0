import { stringify } from '@ipld/dag-json'
import { fromBase64Unpadded } from '../base/multibase.js'
import { isBytes } from '../base/options.js'
import { parseCacao } from './parse-cacao.js'

/** The value as canonical DAG-JSON text (IPLD), in which bytes are written `{"/":{"bytes":"<base64>"}}`. */
export function encodeDagJSON(value: unknown): string {
  return stringify(value)
}

/**
 * The JSON text of a capability, to send it somewhere. The capability of a passkey contains bytes, which could not be
 * read back from the output of `JSON.stringify`; here they are written as in DAG-JSON (IPLD). All other capabilities
 * are plain JSON. Throws `ERR_CAPABILITY_INVALID` unless the value is a capability, and `ERR_CAPABILITY_AUDIENCE`,
 * `_DOMAIN` or `_RESOURCES` for a delegated capability that exceeds its parent.
 *
 * @example
 * await session.fetch('/api/link', { method: 'POST', body: stringifyCacao(await auth(request)) })
 */
export function stringifyCacao(cacao: unknown): string {
  return encodeDagJSON(parseCacao(cacao))
}

/**
 * Decodes DAG-JSON (IPLD) or plain JSON; `undefined` if the text is neither. Links, the other use of "/", are not
 * decoded, because capabilities have none and `parseCacao` refuses them. The decoder of `@ipld/dag-json` is not used,
 * because it assigns members by name: a member named `__proto__` would become the prototype instead of being refused.
 */
export function decodeDagJSON(text: string): unknown {
  try {
    return JSON.parse(text, (_name, value: unknown) => bytesOf(value) ?? value)
  } catch {
    return undefined
  }
}

/** Whether the value contains bytes at any depth. */
export function containsBytes(value: unknown): boolean {
  if (isBytes(value)) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(containsBytes)
}

function bytesOf(value: unknown): Uint8Array | undefined {
  const text = onlyMember(onlyMember(value, '/'), 'bytes')
  return typeof text === 'string' ? fromBase64Unpadded(text) : undefined
}

function onlyMember(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const [entry, ...others] = Object.entries(value)
  return entry?.[0] === name && others.length === 0 ? entry[1] : undefined
}
