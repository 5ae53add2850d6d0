import { fromBase64Unpadded, toBase64Unpadded } from '../base/base64.js'

// DAG-JSON (IPLD) as far as a capability needs it: JSON with sorted members, in which bytes are written
// `{"/":{"bytes":"<base64>"}}`. Links, the other use of "/", don't occur in a capability and are left as they
// stand, for the guard to refuse.

/** The value as canonical DAG-JSON text. */
export function encodeDagJSON(value: unknown): string {
  return JSON.stringify(bytesAsText(value))
}

/** The value that DAG-JSON or plain JSON text stands for; `undefined` if it is neither. */
export function decodeDagJSON(text: string): unknown {
  try {
    return JSON.parse(text, (_name, value: unknown) => bytesOf(value) ?? value)
  } catch {
    return undefined
  }
}

/** Whether bytes occur anywhere in the value. */
export function containsBytes(value: unknown): boolean {
  if (value instanceof Uint8Array) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(containsBytes)
}

function bytesAsText(value: unknown): unknown {
  if (value instanceof Uint8Array) return { '/': { bytes: toBase64Unpadded(value) } }
  if (Array.isArray(value)) return value.map(bytesAsText)
  if (typeof value !== 'object' || value === null) return value
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, member]) => [name, bytesAsText(member)]))
}

function bytesOf(value: unknown): Uint8Array | undefined {
  const inner = onlyMember(value, '/')
  const text = onlyMember(inner, 'bytes')
  return typeof text === 'string' ? fromBase64Unpadded(text) : undefined
}

function onlyMember(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const [entry, ...others] = Object.entries(value)
  return entry?.[0] === name && others.length === 0 ? entry[1] : undefined
}
