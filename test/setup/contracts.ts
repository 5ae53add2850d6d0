import { readFileSync } from 'node:fs'
import solc from 'solc'
import type { Abi, Hex } from 'viem'

/** A contract as solc compiles it. */
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

/** For what is sent each time that it is used: as small as it gets, without anything about how it was compiled. */
export const SMALL = {
  optimizer: { enabled: true, runs: 1 },
  viaIR: true,
  // Chains that took up later instructions late, or not yet, run it too.
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
