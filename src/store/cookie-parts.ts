import { toBase64url } from '../base/base64.js'

// A value longer than a cookie is cut up. Each part says which writing it is of and how many parts that has, so that parts
// of two writings are never taken for one value.
const PART = /^([-\w]{8})\.([1-9])\.([^;,\s"\\]*)$/
const ID_LENGTH = 6

/** Characters of a part that are not the value's. */
export const PART_OVERHEAD: number = 'xxxxxxxx.1.'.length

/** The parts of a value, each with at most `room` characters of it. */
export function splitIntoParts(value: string, room: number): string[] {
  const text = encodeURIComponent(value)
  const count = Math.max(1, Math.ceil(text.length / room))
  const id = toBase64url(crypto.getRandomValues(new Uint8Array(ID_LENGTH)))
  return Array.from({ length: count }, (_, i) => `${id}.${count}.${text.slice(i * room, (i + 1) * room)}`)
}

/** The value whose parts these are, from the first on; `undefined` if one is missing, foreign or of another writing. */
export function joinParts(partAt: (index: number) => string | undefined): string | undefined {
  const [, id, count] = PART.exec(partAt(0) ?? '') ?? []
  let text = ''
  for (let i = 0; i < Number(count ?? 1); i++) {
    const [, idHere, countHere, piece = ''] = PART.exec(partAt(i) ?? '') ?? []
    if (id === undefined || idHere !== id || countHere !== count) return undefined
    text += piece
  }
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
