import { once } from 'node:events'
import { createServer } from 'node:http'
import {
  carFromString,
  eventFromString,
  eventToString,
  InitEventPayload,
  SignedEvent,
  signedEventToContainer,
} from '@ceramic-sdk/events'
import { CommitID, StreamID } from '@ceramic-sdk/identifiers'
import { createInitEvent as createModelEvent, ModelClient } from '@ceramic-sdk/model-client'
import { createInitEvent, ModelInstanceClient } from '@ceramic-sdk/model-instance-client'
import { decode, encode } from '@ipld/dag-cbor'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { testWallet } from 'cacao-session/testing'
import { verifyJWS } from 'cacao-session/verify'
import { AccountId } from 'caip'
import { DIDSession as Incumbent } from 'did-session'
import { DID } from 'dids'
import KeyDIDResolver from 'key-did-resolver'
import { EthereumNodeAuth } from 'pkh-ethereum-6'
import { createDocument } from './guide/sdk.js'
import { verifyEvent } from './guide/verify.js'
import { ACCOUNTS, report, signIn } from './people.js'

// The clients of the Ceramic SDK, with a server that stores and verifies events as a node does.

const alice = await signIn('alice')
const bob = await signIn('bob')
const theirs = new DID({ resolver: KeyDIDResolver.getResolver() })
const DEFINITION = {
  version: '2.0',
  name: 'Note',
  description: 'A note',
  accountRelation: { type: 'list' },
  interface: false,
  implements: [],
  schema: {
    type: 'object',
    properties: { text: { type: 'string', maxLength: 100 } },
    additionalProperties: false,
  },
}
/** As a string and back, as it is sent. */
const sent = (event) => eventFromString(InitEventPayload, eventToString(SignedEvent, event))
const ownerOf = async (event, resources) => (await verifyEvent(sent(event), resources)).account
const model = new StreamID('model', (await createModelEvent(alice.did, DEFINITION)).jws.link)
const documentOf = (did, content = { text: 'a note' }) => createInitEvent({ controller: did, content, model })
const withCapabilityOf = async (event, other) => ({
  ...event,
  cacaoBlock: (await documentOf(other)).cacaoBlock,
})

const kept = new Map()
const server = createServer(async (request, response) => {
  let body = ''
  for await (const part of request) body += part
  const answer = (status, value) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  try {
    const id = request.url.split('/').at(-1)
    if (request.method === 'GET') return answer(200, { id, data: kept.get(id) })
    const { data } = JSON.parse(body)
    const event = eventFromString(InitEventPayload, data)
    const { issuer } = await verifyJWS(event.jws, {
      capability: decode(event.cacaoBlock),
      verifiers: ethereumVerifiers(),
      resources: ['ceramic://*'],
    })
    kept.set(carFromString(data).roots[0].toString(), data)
    kept.set('last issuer', issuer)
    answer(204)
  } catch (error) {
    answer(400, { message: error.code ?? error.message })
  }
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const ceramic = `http://127.0.0.1:${server.address().port}`

await report({
  'events are what our own verifier and theirs accept': async () => {
    const event = sent(await documentOf(alice.did))
    const containers = [alice.did, theirs].map((did) => signedEventToContainer(did, InitEventPayload, event))
    const kids = (await Promise.all(containers)).map(({ verified }) => verified.kid.split('#')[0])
    const { account, data } = await verifyEvent(event)
    return [account === alice.did.parent, data, kids.every((kid) => kid === alice.did.id)]
  },
  'by an Ed25519 key too': async () =>
    ownerOf(await documentOf((await signIn('alice', { keyType: 'Ed25519' })).did)),
  'by a session for one model, for whoever asks for that': async () => {
    const resource = `ceramic://*?model=${model}`
    return ownerOf(await documentOf((await signIn('alice', { resources: [resource] })).did), [resource])
  },
  'and by nobody else': async () =>
    ownerOf(await documentOf((await signIn('alice', { resources: ['ceramic://*?model=k2t'] })).did)),
  'not with other content': async () => {
    const event = await documentOf(alice.did)
    const altered = { ...decode(event.linkedBlock), data: { text: 'altered' } }
    return (await verifyEvent({ ...event, linkedBlock: encode(altered) })).account
  },
  'not with a link to other content': async () => {
    const [event, other] = [await documentOf(alice.did), await documentOf(bob.did, { text: 'of bob' })]
    const linked = { ...event.jws, link: other.jws.link }
    return (await verifyEvent({ ...event, jws: linked, linkedBlock: other.linkedBlock })).data
  },
  'not with another payload': async () => {
    const [event, other] = [await documentOf(alice.did), await documentOf(bob.did, { text: 'of bob' })]
    const jws = { ...other.jws, signatures: event.jws.signatures }
    return (await verifyEvent({ ...event, jws, linkedBlock: other.linkedBlock })).data
  },
  'not without a capability': async () => {
    const { cacaoBlock: _, ...event } = await documentOf(alice.did)
    return verifyEvent(event)
  },
  "not under another person's capability": async () =>
    verifyEvent(await withCapabilityOf(await documentOf(alice.did), bob.did)),
  'not under a capability with another time': async () => {
    const event = await documentOf(alice.did)
    const { p, ...rest } = decode(event.cacaoBlock)
    return verifyEvent({
      ...event,
      cacaoBlock: encode({ ...rest, p: { ...p, exp: '2099-01-01T00:00:00Z' } }),
    })
  },
  "not in another person's stream": async () => {
    const event = await createInitEvent({ controller: bob.did, content: { text: 'x' }, model })
    const forged = { ...decode(event.linkedBlock) }
    forged.header.controllers = [alice.did.parent]
    const { jws, linkedBlock, cacaoBlock } = await bob.did.createDagJWS(forged)
    return verifyEvent({ jws, linkedBlock: new Uint8Array(linkedBlock), cacaoBlock })
  },
  'not once the capability has ended': async () => {
    const { did, session } = await signIn('alice', { expiresInSecs: 60 })
    const { jws, cacaoBlock } = await documentOf(did)
    const now = () => session.expiresAt.getTime() + 1
    return verifyJWS(jws, { capability: decode(cacaoBlock), verifiers: ethereumVerifiers(), now })
  },
  'a model and its document, by the clients': async () => {
    const id = await new ModelClient({ ceramic, did: alice.did }).createDefinition(DEFINITION)
    const commit = CommitID.fromString(await createDocument(ceramic, alice.did, id, { text: 'a note' }))
    const client = new ModelInstanceClient({ ceramic, did: alice.did })
    const { jws } = await client.getEvent(commit)
    await client.postData({
      controller: alice.did,
      currentID: commit,
      currentContent: { text: 'a note' },
      newContent: { text: 'another note' },
    })
    return [kept.get('last issuer'), jws.signatures.length, kept.size]
  },
  'not by a session for something else': async () => {
    const { did } = await signIn('alice', { resources: ['https://api.example.com/*'] })
    return createDocument(ceramic, did, model, { text: 'not allowed' })
  },
  'what did-session 4 signs, we accept': async () => {
    const wallet = testWallet()
    const account = new AccountId(ACCOUNTS.alice)
    const auth = await EthereumNodeAuth.getAuthMethod(wallet.provider, account, 'app.example.com')
    const { did } = await Incumbent.authorize(auth, { resources: ['ceramic://*'] })
    const event = await createInitEvent({ controller: did, content: { text: 'of did-session' }, model })
    return ownerOf(event)
  },
})
process.exit()
