// Runs in a folder where the packed package and the clients are installed. Prints the result of each client as JSON.
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client/core'
import { createTRPCClient, httpLink } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { Client, cacheExchange, fetchExchange } from '@urql/core'
import { DIDSession } from 'cacao-session'
import { ethereumAuth, ethereumVerifiers } from 'cacao-session/ethereum'
import { callerOf, requireSession } from 'cacao-session/express'
import { GraphQLClient } from 'graphql-request'
import { produce } from 'immer'
import ky from 'ky'
import { makeAutoObservable, observable } from 'mobx'
import createClient from 'openapi-fetch'
import pRetry from 'p-retry'
import { ProxyAgent } from 'undici'
import { proxy, snapshot } from 'valtio/vanilla'
import { reactive, ref, shallowRef } from 'vue'

const KEY = process.argv[2]
const t = initTRPC.create()
const router = t.router({ me: t.procedure.query(({ ctx }) => ctx.account) })

let guard
let failures = 0
const server = createServer((request, response) =>
  guard(request, response, async () => {
    const { account } = callerOf(request)
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    const json = (value, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (request.url.startsWith('/trpc')) {
      const url = `http://${request.headers.host}${request.url}`
      const init = { method: request.method, headers: request.headers, ...(body && { body }) }
      const req = new Request(url, init)
      const answer = await fetchRequestHandler({
        endpoint: '/trpc',
        req,
        router,
        createContext: () => ({ account }),
      })
      return json(await answer.json(), answer.status)
    }
    if (request.url.startsWith('/graphql')) return json({ data: { me: account } })
    if (request.url === '/unstable' && failures-- > 0) return json({}, 503)
    json({ account })
  }),
)
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const authority = `127.0.0.1:${server.address().port}`
const api = `http://${authority}`
const resources = [`${api}/*`]
guard = requireSession({ verifiers: ethereumVerifiers(), authority, domains: ['app.example.com'], resources })
const session = await DIDSession.authorize(ethereumAuth(KEY, undefined, { domain: 'app.example.com' }), {
  resources,
})
const { fetch } = session
const query = '{ me }'

const tunnels = []
const tunnel = createServer().on('connect', ({ url }, socket) => {
  tunnels.push(url)
  const [host, port] = url.split(':')
  const upstream = connect(Number(port), host, () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    upstream.pipe(socket).pipe(upstream)
  })
  for (const end of [socket, upstream]) end.on('error', () => undefined)
})
await new Promise((resolve) => tunnel.listen(0, '127.0.0.1', resolve))

const ofFramework = async (found) => {
  const response = await found.fetch(`${api}/me`)
  return found.account === session.account && found.isAuthorized(resources) && (await response.json()).account
}

class AppState {
  session = session
  constructor() {
    makeAutoObservable(this)
  }
}

const clients = {
  ky: async () =>
    (
      await ky
        .create({ fetch, prefixUrl: api })
        .post('me', { json: { a: 1 } })
        .json()
    ).account,
  'ky, which retries': async () => {
    failures = 2
    return (
      await ky
        .create({ fetch, retry: { limit: 3, delay: () => 1 } })
        .get(`${api}/unstable`)
        .json()
    ).account
  },
  'p-retry': async () => {
    failures = 2
    const send = async () => {
      const response = await fetch(`${api}/unstable`)
      if (!response.ok) throw new Error(String(response.status))
      return (await response.json()).account
    }
    return pRetry(send, { minTimeout: 1, retries: 3 })
  },
  'openapi-fetch': async () => (await createClient({ baseUrl: api, fetch }).GET('/me')).data.account,
  tRPC: async () => createTRPCClient({ links: [httpLink({ url: `${api}/trpc`, fetch })] }).me.query(),
  Apollo: async () => {
    const link = new HttpLink({ uri: `${api}/graphql`, fetch })
    const client = new ApolloClient({ link, cache: new InMemoryCache() })
    return (await client.query({ query: gql(query) })).data.me
  },
  urql: async () => {
    const client = new Client({
      url: `${api}/graphql`,
      exchanges: [cacheExchange, fetchExchange],
      fetch,
      preferGetMethod: false,
    })
    return (await client.query(query, {}).toPromise()).data.me
  },
  'graphql-request': async () => (await new GraphQLClient(`${api}/graphql`, { fetch }).request(query)).me,
  'Vue ref': () => ofFramework(ref({ session }).value.session),
  'Vue ref of a session': () => ofFramework(ref(session).value),
  'Vue reactive': () => ofFramework(reactive(session)),
  'Vue shallowRef': () => ofFramework(shallowRef(session).value),
  'MobX observable': () => ofFramework(observable({ session }).session),
  'MobX class': () => ofFramework(new AppState().session),
  Immer: () =>
    ofFramework(produce({ session: undefined }, (draft) => void Object.assign(draft, { session })).session),
  'Immer draft': async () => {
    const found = []
    produce({ session }, (draft) => void found.push(draft.session.account))
    return found[0]
  },
  'valtio proxy': () => ofFramework(proxy({ session }).session),
  'valtio snapshot': () => ofFramework(snapshot(proxy({ session })).session),
  'undici ProxyAgent': async () => {
    const dispatcher = new ProxyAgent({ uri: `http://127.0.0.1:${tunnel.address().port}`, proxyTunnel: true })
    const response = await fetch(`${api}/me`, { dispatcher, method: 'POST', body: 'beans' })
    const { account } = await response.json()
    await dispatcher.close()
    return tunnels.join() === authority && account
  },
}

const results = {}
for (const [name, call] of Object.entries(clients))
  results[name] = await call().then(
    (answer) => answer === session.account || String(answer),
    (error) => String(error.stack ?? error),
  )
console.log(JSON.stringify(results))
console.error(session)
process.exit()
