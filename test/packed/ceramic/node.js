import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { Ceramic } from '@ceramicnetwork/core'
import { Model } from '@ceramicnetwork/stream-model'
import { ModelInstanceDocument } from '@ceramicnetwork/stream-model-instance'
import { TileDocument } from '@ceramicnetwork/stream-tile'
import { DID } from 'dids'
import KeyDIDResolver from 'key-did-resolver'
import { createTile } from './guide/js-ceramic.js'
import { memoryIPFS } from './memory-ipfs.js'
import { report, signIn } from './people.js'

// A js-ceramic node, and the clients that sign for it. It verifies each event with its own code.

const quiet = { anchor: false, publish: false, pin: false }
const ceramic = await Ceramic.create(memoryIPFS(), {
  networkName: 'inmemory',
  stateStoreDirectory: await mkdtemp(join(process.cwd(), 'state-')),
  indexing: { disableComposedb: true },
  disablePeerDataSync: true,
  useCentralizedPeerDiscovery: false,
})
const alice = await signIn('alice')
const bob = await signIn('bob')
// The node's own DID, which only verifies.
ceramic.did = new DID({ resolver: KeyDIDResolver.getResolver() })

const asAlice = { ...quiet, asDID: alice.did }

const NOTE = {
  version: '2.0',
  name: 'Note',
  accountRelation: { type: 'list' },
  interface: false,
  implements: [],
  schema: {
    type: 'object',
    properties: { text: { type: 'string', maxLength: 100 } },
    required: ['text'],
    additionalProperties: false,
  },
}
let tile
let model
const update = async (did, content) => {
  await tile.update(content, undefined, { ...quiet, asDID: did })
  return tile.content.text
}

await report({
  'a tile is created': async () => {
    tile = await TileDocument.load(ceramic, await createTile(ceramic, alice.did, { text: 'created' }))
    return [tile.content.text, ...tile.controllers]
  },
  'and changed': () => update(alice.did, { text: 'changed' }),
  'not by another person': () => update(bob.did, { text: 'not mine' }),
  'not by a session for another stream': async () => {
    const resources = ['ceramic://kjzl6cwe1jw1481sm0n5i9ij0qihmtfv9ioiyjpy2hwm7j8zxg4n8szj1xxpkwc']
    return update((await signIn('alice', { resources })).did, { text: 'not allowed' })
  },
  'but by a session for this stream': async () =>
    update((await signIn('alice', { resources: [`ceramic://${tile.id}`] })).did, { text: 'allowed' }),
  'with an Ed25519 key': async () =>
    update((await signIn('alice', { keyType: 'Ed25519' })).did, { text: 'by Ed25519' }),
  'not with a sign-in whose address is in EIP-55': async () =>
    update((await signIn('alice', { auth: { lowerCaseAddress: false } })).did, { text: 'EIP-55' }),
  'a model and a document of it are created': async () => {
    ceramic.did = alice.did
    model = await Model.create(ceramic, NOTE)
    const document = await ModelInstanceDocument.create(
      ceramic,
      { text: 'a note' },
      { model: model.id },
      asAlice,
    )
    await document.replace({ text: 'another note' }, undefined, asAlice)
    return [document.content.text, document.metadata.controller]
  },
  'by a session for this model only': async () => {
    const { did } = await signIn('alice', { resources: [`ceramic://*?model=${model.id}`] })
    const options = { ...quiet, asDID: did }
    const document = await ModelInstanceDocument.create(
      ceramic,
      { text: 'one model' },
      { model: model.id },
      options,
    )
    return document.content.text
  },
  'ComposeDB creates and changes a document': async () => {
    const definition = {
      models: { Note: { id: model.id.toString(), accountRelation: { type: 'list' } } },
      objects: { Note: { text: { type: 'string', required: true, immutable: false } } },
      enums: {},
      accountData: { noteList: { type: 'connection', name: 'Note' } },
    }
    Object.assign(globalThis, { ceramic, definition, did: alice.did })
    const { compose, saveNote } = await import('./guide/composedb.js')
    const create = await saveNote('composed')
    if (create.errors) throw create.errors[0]
    const { id } = create.data.createNote.document
    const change = await compose.executeQuery(
      'mutation ($i: UpdateNoteInput!) { updateNote(input: $i) { document { text } } }',
      { i: { id, content: { text: 'composed again' } } },
    )
    if (change.errors) throw change.errors[0]
    const { metadata } = await ModelInstanceDocument.load(ceramic, id)
    return [metadata.controller, change.data.updateNote.document.text]
  },
})
process.exit()
