import {
  type Abi,
  type Address,
  createPublicClient,
  createWalletClient,
  encodeFunctionData,
  type Hex,
  http,
  type PublicClient,
  serializeErc6492Signature,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import type { Cacao } from '../../src/capability/cacao.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { renderEthereumMessage } from '../../src/wallet/ethereum/siwe-message.js'
import { ANVIL_CHAIN, startAnvil } from './anvil.js'
import { payload } from './capability.js'
import { compile } from './contracts.js'
import { KEY_A } from './wallet.js'

// The first of anvil's own keys, which has funds.
const RICH = privateKeyToAccount('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
export const OWNER = privateKeyToAccount(KEY_A)
export const SALT: Hex = `0x${'07'.repeat(32)}`

type Deploying = 'deploy' | 'deployAndRevert' | 'deployAndBurn' | 'deployAndBabble'

/** Compiling and starting takes about a second on an idle machine; this only limits what hangs. */
export const STARTUP_MS = 300_000

/** A chain with contract accounts on it, all owned by `OWNER` at first. */
export interface SmartAccounts {
  readonly url: string
  readonly client: PublicClient
  readonly factory: Address
  /** Deploys a contract; `Account` of `OWNER` by default. */
  put(name?: string, args?: readonly unknown[]): Promise<Address>
  /** The address at which the factory deploys, or would deploy. */
  addressOf(salt: Hex): Promise<Address>
  deploy(salt: Hex): Promise<void>
  /** Changes the owner of the account. */
  setOwner(account: Address, next: Address): Promise<void>
  /** The owner's signature, with the deployment of the account (ERC-6492). */
  wrap(signature: Hex, salt: Hex, by?: Deploying): Hex
  /** Calls a contract. */
  call(address: Address, name: string, functionName: string, args: readonly unknown[]): Promise<void>
  /** The data of such a call, encoded. */
  dataOf(name: string, functionName: string, args: readonly unknown[]): Hex
  /** From now on, `OWNER`'s own account runs this contract's code (EIP-7702). */
  delegateTo(code: Address): Promise<void>
  stop(): Promise<void>
}

export async function startSmartAccounts(): Promise<SmartAccounts> {
  const contracts = compile('smart-accounts.sol')
  const contract = (name: string): { abi: Abi; bytecode: Hex } =>
    contracts[name] ?? { abi: [], bytecode: '0x' }
  const { url, stop } = await startAnvil()
  const transport = http(url)
  const client = createPublicClient({ chain: foundry, transport, pollingInterval: 10 })
  const rich = createWalletClient({ account: RICH, chain: foundry, transport })
  const owner = createWalletClient({ account: OWNER, chain: foundry, transport })
  const mined = async (hash: Hex): Promise<Address> => {
    const { status, contractAddress } = await client.waitForTransactionReceipt({ hash })
    if (status !== 'success') throw new Error(`the transaction ${hash} was reverted`)
    return contractAddress ?? '0x'
  }
  const put: SmartAccounts['put'] = async (name = 'Account', args = [OWNER.address]) =>
    mined(await rich.deployContract({ ...contract(name), args }))
  const factory = await put('AccountFactory', [])
  const { abi } = contract('AccountFactory')
  await mined(await rich.sendTransaction({ to: OWNER.address, value: 10n ** 18n }))
  return {
    url,
    client,
    factory,
    put,
    stop,
    addressOf: async (salt) =>
      (await client.readContract({
        address: factory,
        abi,
        functionName: 'addressOf',
        args: [OWNER.address, salt],
      })) as Address,
    deploy: async (salt) => {
      const call = { address: factory, abi, functionName: 'deploy', args: [OWNER.address, salt] }
      await mined(await rich.writeContract(call))
    },
    setOwner: async (address, next) => {
      const call = { address, abi: contract('Account').abi, functionName: 'setOwner', args: [next] }
      await mined(await owner.writeContract(call))
    },
    wrap: (signature, salt, by = 'deploy') =>
      serializeErc6492Signature({
        address: factory,
        data: encodeFunctionData({ abi, functionName: by, args: [OWNER.address, salt] }),
        signature,
      }),
    call: async (address, name, functionName, args) => {
      await mined(await rich.writeContract({ address, abi: contract(name).abi, functionName, args }))
    },
    dataOf: (name, functionName, args) => encodeFunctionData({ abi: contract(name).abi, functionName, args }),
    delegateTo: async (contractAddress) => {
      const authorization = await owner.signAuthorization({ contractAddress, executor: 'self' })
      await mined(await owner.sendTransaction({ to: RICH.address, authorizationList: [authorization] }))
    },
  }
}

export function accountOn(address: Address, chain: number = ANVIL_CHAIN): string {
  return `eip155:${chain}:${address.toLowerCase()}`
}

/** A capability of a contract account, with its signing function: `OWNER` by default. */
export async function signedBy(
  account: string,
  sign: (text: string) => Promise<string> = (message) => OWNER.signMessage({ message }),
  changes: Record<string, unknown> = {},
): Promise<Cacao> {
  const p = payload({ iss: `did:pkh:${account}`, ...changes })
  return parseCacao({
    h: { t: 'eip4361' },
    p,
    s: { t: 'eip1271', s: await sign(renderEthereumMessage(p)) },
  })
}
