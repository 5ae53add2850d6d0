import { readFileSync } from 'node:fs'
import solc from 'solc'
import type { Abi, Hex } from 'viem'

/** A contract compiled by solc. */
export interface Contract {
  readonly abi: Abi
  readonly bytecode: Hex
}

interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[]
  readonly contracts: Record<
    string,
    Record<string, { readonly abi: Abi; readonly evm: { readonly bytecode: { readonly object: string } } }>
  >
}

const OUTPUT = { '*': { '*': ['abi', 'evm.bytecode.object'] } }

/** For code that is sent with each call: as small as possible, without metadata of the compiler. */
export const SMALL = {
  optimizer: { enabled: true, runs: 1 },
  viaIR: true,
  // So that chains with older instruction sets run it too.
  evmVersion: 'paris',
  metadata: { appendCBOR: false, bytecodeHash: 'none' },
}

/** The contracts in a file of this folder, by their names. */
export function compile(file: string, settings: object = {}): Record<string, Contract> {
  const content = readFileSync(new URL(file, import.meta.url), 'utf8')
  const input = {
    language: 'Solidity',
    sources: { [file]: { content } },
    settings: { ...settings, outputSelection: OUTPUT },
  }
  const output: Output = JSON.parse(solc.compile(JSON.stringify(input)))
  const errors = (output.errors ?? []).filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join('\n'))
  return Object.fromEntries(
    Object.entries(output.contracts[file] ?? {}).map(([name, { abi, evm }]) => [
      name,
      { abi, bytecode: `0x${evm.bytecode.object}` },
    ]),
  )
}
