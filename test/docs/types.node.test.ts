import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { docExamples, moduleOf } from './docstrings.js'
import { type Block, blocksOf, pages, root } from './pages.js'

// Environment variables that examples ask for.
const VARIABLES = [
  'COOKIE_SECRET',
  'DEVICE_KEY',
  'ETHEREUM_RPC',
  'PASSWORD',
  'PRIVATE_KEY',
  'REDIS_URL',
  'SESSION_FILE',
  'SESSION_FOLDER',
]

// What a reader's own page and process have.
const CONTEXT = `import type { EIP1193Provider } from 'cacao-session/ethereum'
import type { SolanaAdapter } from 'cacao-session/solana'
declare global {
  interface Window { ethereum: EIP1193Provider; phantom: { solana: SolanaAdapter } }
  namespace NodeJS {
    interface ProcessEnv {
${VARIABLES.map((name) => `      ${name}: string`).join('\n')}
    }
  }
}`

// Packages that bring no types, or are not installed here.
const UNTYPED = `declare module 'secp256k1' {
  const all: import('cacao-session/node').Secp256k1
  export default all
}
declare module 'ws' {
  export const WebSocketServer: new (options: { noServer: true }) => import('@hono/node-server').WebSocketServerLike
}
declare module 'graphql-ws'
declare module 'graphql-ws/use/ws'
declare module 'socket.io-client'
declare module '@rainbow-me/rainbowkit'
declare module '@rainbow-me/rainbowkit/styles.css'
declare module '@reown/appkit' {
  export const createAppKit: (options: object) => {
    subscribeAccount(listener: (account: { caipAddress?: string }) => void): void
    disconnect(): Promise<void>
  }
}
declare module '@reown/appkit-adapter-wagmi'
declare module '@reown/appkit/networks' {
  export type AppKitNetwork = object
  export const mainnet: AppKitNetwork
  export const polygon: AppKitNetwork
}
declare module 'wagmi' {
  export const useAccount: () => { address?: string; chainId?: number }
  export const useConfig: () => object
  export const useConnectors: () => { uid: string; name: string; isAuthorized(): Promise<boolean> }[]
  export const useConnect: () => { connectAsync(options: object): Promise<void> }
}
declare module 'wagmi/actions' {
  export const getWalletClient: (...args: object[]) => Promise<import('viem').WalletClient>
}`

const OPTIONS = {
  extends: '../../tsconfig.json',
  compilerOptions: {
    noEmit: true,
    rootDir: '../..',
    types: ['node'],
    jsx: 'react-jsx',
    declaration: false,
    declarationMap: false,
    isolatedDeclarations: false,
    noPropertyAccessFromIndexSignature: false,
    // An example may end before it uses what it makes.
    noUnusedLocals: false,
    noUnusedParameters: false,
    noImplicitReturns: false,
  },
  include: ['.'],
}

// What only typed code can say: of which type a parameter is, that something is there, and what Hono's context has.
const UNSAYABLE = /error TS(7006|7031|7034|7005|7017|18048):|'Readonly<ContextVariableMap>'/

const CODE = /^(js|tsx?)$/

// Bundlers find a module without its extension; the compiler wants to see it.
const bundled = (code: string): string => code.replace(/(?<=from '\.[^']*\/[\w.-]+)(?<!\.js)(?=')/g, '.js')

/** The files that a page's blocks make: each line stands in the file where it stands on the page. */
function filesOf(page: string): { path: string; text: string; isPlain: boolean }[] {
  const files = new Map<string, Block[]>()
  for (const block of blocksOf(page)) {
    if (CODE.test(block.language)) files.set(block.name, [...(files.get(block.name) ?? []), block])
  }
  return [...files].map(([name, blocks]) => {
    const lines: string[] = []
    for (const { line, code } of blocks) {
      while (lines.length < line - 1) lines.push('')
      lines.push(...bundled(code).trimEnd().split('\n'))
    }
    const extension = blocks.some(({ language }) => language === 'tsx') ? 'tsx' : 'ts'
    return {
      path: `${page}/${name}.${extension}`,
      text: `${lines.join('\n')}\nexport {}\n`,
      isPlain: blocks.every(({ language }) => language === 'js'),
    }
  })
}

/** What the compiler says of files, as `page/name.ts(line,column): error …`. */
async function complaintsOf(files: ReturnType<typeof filesOf>): Promise<string[]> {
  const folder = join(root, 'build', `blocks-${process.pid}`)
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  await write('tsconfig.json', JSON.stringify(OPTIONS))
  await write('context.ts', CONTEXT)
  await write('untyped.d.ts', UNTYPED)
  for (const { path, text } of files) await write(path, text)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const run = promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: folder })
  const { stdout } = await run.catch((error: { stdout: string }) => error)
  const plain = files.filter(({ isPlain }) => isPlain).map(({ path }) => path)
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(' '))
    .filter((line) => !(UNSAYABLE.test(line) && plain.some((path) => line.startsWith(path))))
}

describe('the code on the pages and in the docstrings', () => {
  it('has no error of types', { timeout: 300_000 }, async () => {
    const files = pages.flatMap(filesOf)
    expect(files.length).toBeGreaterThan(20)
    const examples = docExamples()
    expect(examples.length).toBeGreaterThan(60)
    for (const shown of examples) {
      const path = `src/${shown.source.replace(/\.ts$/, '')}/line-${shown.line}.tsx`
      files.push({ path, text: await moduleOf(shown), isPlain: true })
    }
    const wrong = {
      path: 'wrong/wrong.ts',
      text: "import { DIDSession } from 'cacao-session'\nawait DIDSession.get('a')\nexport const f = (x) => x\n",
      isPlain: true,
    }
    const complaints = await complaintsOf([...files, wrong])
    // What is wrong would be seen.
    expect(complaints).toEqual([
      expect.stringMatching(/^wrong\/wrong\.ts\(2,\d+\): error TS2554: Expected 3 arguments/),
    ])
  })
})
