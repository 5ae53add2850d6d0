import * as dagCbor from '@ipld/dag-cbor'
import * as dagJose from 'dag-jose'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'

const CODECS = { 'dag-cbor': dagCbor, 'dag-jose': dagJose }
const codecOf = (code) => Object.values(CODECS).find((codec) => codec.code === code || codec.name === code)
const asCID = (id) => CID.asCID(id) ?? CID.parse(String(id))

/** The parts of IPFS that a js-ceramic node uses, with its blocks in memory and no peers. */
export function memoryIPFS() {
  const blocks = new Map()
  const block = async (cid) => {
    const bytes = blocks.get(asCID(cid).toString())
    if (bytes) return bytes
    throw Object.assign(new Error(`there is no block ${cid}`), { code: 'ERR_TIMEOUT' })
  }
  const contentOf = async (cid) => codecOf(asCID(cid).code).decode(await block(cid))
  const store = async (codec, bytes) => {
    const cid = CID.createV1(codec.code, await sha256.digest(bytes))
    blocks.set(cid.toString(), bytes)
    return cid
  }
  // Follows a path from a block to its target, in other blocks too.
  const follow = async (id, path = '') => {
    const [root, ...names] = [...String(id).split('/'), ...path.split('/')].filter(Boolean)
    let [cid, value] = [asCID(root), await contentOf(root)]
    for (const name of names) {
      value = value[name]
      const next = CID.asCID(value)
      if (next) [cid, value] = [next, await contentOf(next)]
    }
    return { cid, value, remainderPath: '' }
  }
  const none = async () => undefined
  return {
    id: async () => ({ id: 'in-memory' }),
    version: async () => ({ version: 'in-memory' }),
    config: { get: async () => 'http://127.0.0.1:9' },
    codecs: { listCodecs: () => Object.values(CODECS), getCodec: async (code) => codecOf(code) },
    block: {
      get: block,
      put: (bytes, { format = 'dag-cbor' } = {}) => store(CODECS[format], bytes),
      stat: async (cid) => ({ cid, size: (await block(cid)).length }),
    },
    dag: {
      get: (cid, { path } = {}) => follow(cid, path),
      resolve: (cid, { path } = {}) => follow(cid, path),
      put: (value, { storeCodec = 'dag-cbor' } = {}) => {
        const codec = CODECS[storeCodec]
        return store(codec, codec.encode(value))
      },
      async *import(car) {
        const { CARFactory } = await import('cartonne')
        const factory = new CARFactory()
        factory.codecs.add(dagJose)
        const parts = []
        for await (const part of car) parts.push(part)
        const { blocks: imported, roots } = factory.fromBytes(Buffer.concat(parts))
        for (const { cid, payload } of imported) blocks.set(cid.toString(), payload)
        yield { root: { cid: roots[0] } }
      },
    },
    pin: { add: none, rm: none, async *ls() {} },
    pubsub: { subscribe: none, unsubscribe: none, publish: none, ls: async () => [] },
    swarm: { peers: async () => [], connect: none },
  }
}
