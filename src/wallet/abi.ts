/** Bytes of any length, as hex digits without `0x`. */
export interface AbiBytes {
  readonly bytes: string
}

/** The arguments as contracts take them (the ABI's strict encoding), in hex without `0x`. A bigint is any type of one word. */
export function abiEncode(values: readonly (bigint | AbiBytes)[]): string {
  let [head, tail] = ['', '']
  for (const value of values) {
    if (typeof value === 'bigint') head += word(value)
    else {
      head += word(values.length * 32 + tail.length / 2)
      tail += word(value.bytes.length / 2) + value.bytes.padEnd(Math.ceil(value.bytes.length / 64) * 64, '0')
    }
  }
  return head + tail
}

function word(value: bigint | number): string {
  return value.toString(16).padStart(64, '0')
}
