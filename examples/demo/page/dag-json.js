// A passkey's capability holds bytes, which JSON has no word for. DAG-JSON (IPLD) writes them as {"/":{"bytes":"<base64>"}}.

/**
 * For `JSON.stringify`.
 * @param {string} _name
 * @param {unknown} value
 */
export const bytesAsText = (_name, value) =>
  value instanceof Uint8Array
    ? { '/': { bytes: btoa(String.fromCharCode(...value)).replaceAll('=', '') } }
    : value

/**
 * For `JSON.parse`.
 * @param {string} _name
 * @param {any} value
 */
export function textAsBytes(_name, value) {
  const bytes = value?.['/']?.bytes
  return typeof bytes === 'string'
    ? Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0))
    : value
}
