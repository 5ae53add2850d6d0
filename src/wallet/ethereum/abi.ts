/** An ABI value of type `bytes`, as hex digits without `0x`. */
export interface AbiBytes {
  readonly bytes: string
}

/**
 * Encodes arguments for a contract (the strict encoding of the ABI specification) as hex without `0x`. A
 * bigint stands for any type of one word.
 */
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
