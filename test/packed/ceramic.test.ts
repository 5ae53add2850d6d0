import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { complaintsOf, PROGRAMS } from '../docs/compile.js'
import { blocksOf, guide } from '../docs/pages.js'
import { ACCOUNT_A } from '../setup/wallet.js'
import { type BareFolder, folderWithout } from './bare-folder.js'
import { run } from './command.js'

// Ceramic's own packages, with the code of the guide: a js-ceramic node with its blocks in memory, and the clients.

const PACKAGES = {
  '@ceramic-sdk/events': '0.12.0',
  '@ceramic-sdk/identifiers': '0.12.0',
  '@ceramic-sdk/model-client': '0.12.0',
  '@ceramic-sdk/model-instance-client': '0.12.0',
  '@ceramicnetwork/common': '6.4.0',
  '@ceramicnetwork/core': '6.11.0',
  '@ceramicnetwork/stream-model': '5.4.0',
  '@ceramicnetwork/stream-model-instance': '5.4.0',
  '@ceramicnetwork/stream-tile': '6.4.0',
  '@composedb/client': '0.8.0',
  'did-session': '4.0.0',
  dids: '5.0.3',
  'key-did-resolver': '4.0.0',
  'pkh-ethereum-6': 'npm:@didtools/pkh-ethereum@0.6.0',
}
// One of them depends on an npm placeholder that not every registry has.
const OVERRIDES = { fs: 'npm:empty-npm-package@1.0.0' }

const OWN = fileURLToPath(new URL('ceramic/', import.meta.url))
const OWNER = `did:pkh:${ACCOUNT_A}`

let folder: BareFolder
beforeAll(async () => {
  folder = await folderWithout(PACKAGES, OVERRIDES)
  for (const name of await readdir(OWN)) await folder.write(name, await readFile(join(OWN, name)))
  for (const name of ['js-ceramic', 'sdk', 'verify'])
    await folder.write(`guide/${name}.js`, guide('ceramic', name))
  const composedb = guide('ceramic', 'composedb')
  await folder.write('guide/composedb.js', composedb.replace('"http://localhost:7007"', 'globalThis.ceramic'))
  await folder.write('guide/definition.js', 'export const { definition } = globalThis')
  await folder.write('guide/sign-in.js', 'export const signIn = async () => globalThis.did')
})
afterAll(() => folder?.remove())

/** Runs a script, and returns the results of its cases. */
async function casesOf(script: string): Promise<Record<string, unknown>> {
  // A node without ceramic-one.
  const { stdout } = await run(process.execPath, [script], { cwd: folder.path, env: { IPFS_FLAVOR: 'go' } })
  const lines = stdout.split('\n').filter((line) => line.startsWith('CASE '))
  return Object.fromEntries(lines.map((line) => JSON.parse(line.slice('CASE '.length))))
}

const refused = (words: string): unknown => expect.stringMatching(new RegExp(`^refused: .*${words}`))

describe('the packages of Ceramic', () => {
  it('have the types that the guide uses', async () => {
    const files = blocksOf('docs/guides/ceramic.md')
      .filter(({ language }) => language === 'ts')
      .map(({ name, code }) => ({ path: `${name}.ts`, text: code }))
    const definition =
      "export declare const definition: import('@composedb/types').RuntimeCompositeDefinition\n"
    files.push({ path: 'definition.ts', text: definition })
    expect(await complaintsOf(join(folder.path, 'compiled'), PROGRAMS.page, files)).toEqual([])
  })

  it('a js-ceramic node accepts writes of a session, and refuses those it does not cover', async () => {
    expect(await casesOf('node.js')).toEqual({
      'a tile is created': ['created', OWNER],
      'and changed': 'changed',
      'not by another person': refused('Can not verify signature'),
      'not by a session for another stream': refused('does not have appropriate permissions'),
      'but by a session for this stream': 'allowed',
      'with an Ed25519 key': 'by Ed25519',
      'not with a sign-in whose address is in EIP-55': refused('Signature does not belong to issuer'),
      'a model and a document of it are created': ['another note', OWNER],
      'by a session for this model only': 'one model',
      'ComposeDB creates and changes a document': [OWNER, 'composed again'],
    })
  })

  it('the SDK signs events that verify, and altered ones do not', async () => {
    expect(await casesOf('sdk.js')).toEqual({
      'events are what our own verifier and theirs accept': [true, { text: 'a note' }, true],
      'by an Ed25519 key too': OWNER,
      'by a session for one model, for whoever asks for that': OWNER,
      'and by nobody else': refused('ERR_CAPABILITY_RESOURCES'),
      'not with other content': refused('CID hash does not match bytes'),
      'not with a link to other content': refused('ERR_JWS_INVALID'),
      'not with another payload': refused('ERR_JWS_INVALID'),
      'not without a capability': refused('the event has no capability'),
      "not under another person's capability": refused('ERR_JWS_INVALID'),
      'not under a capability with another time': refused('ERR_JWS_INVALID'),
      "not in another person's stream": refused('the event is by did:pkh:eip155:1:0x1563'),
      'not once the capability has ended': refused('ERR_CAPABILITY_EXPIRED'),
      'a model and its document, by the clients': [OWNER, 1, 4],
      'not by a session for something else': refused('ERR_CAPABILITY_RESOURCES'),
      'what did-session 4 signs, we accept': OWNER,
    })
  })
})
