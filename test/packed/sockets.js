// Runs in a folder where the packed package and the servers are installed. Prints the result of each connection as JSON.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Client, credentials, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js'
import { DIDSession } from 'cacao-session'
import { ethereumAuth, ethereumVerifiers } from 'cacao-session/ethereum'
import { memoryReplay, memoryRevocation, tokenVerifier, untilSessionEnds } from 'cacao-session/verify'
import { buildSchema } from 'graphql'
import { createClient } from 'graphql-ws'
import { useServer as serveGraphQL } from 'graphql-ws/use/ws'
import { Server as SocketServer } from 'socket.io'
import { io } from 'socket.io-client'
import WebSocket, { WebSocketServer } from 'ws'

const domain = 'app.example.com'
const resources = ['https://api.example.com/live']
const auth = ethereumAuth(process.argv[2], undefined, { domain })
const session = await DIDSession.authorize(auth, { resources })
let ahead = 0
const now = () => Date.now() + ahead
const revocation = memoryRevocation({ now })
const replay = memoryReplay({ now })
const verifierFor = (audience) =>
  tokenVerifier({
    verifiers: ethereumVerifiers(),
    domains: [domain],
    audience,
    resources,
    revocation,
    replay,
    now,
  })
const results = {}

/**
 * Opens a connection with each of these tokens; `open` returns the account that the server names, or the reason of the refusal.
 * Then a session is revoked on the server, which must end its connection: `ending` resolves with the reason.
 */
async function tried(name, audience, open, ending) {
  const token = (options) => session.createToken({ audience, ...options })
  const copied = await token()
  const late = await token()
  results[name] = {
    own: await open(copied),
    copied: await open(copied),
    'for another': await open(await token({ audience: `${audience}/` })),
    none: await open(undefined),
    'with claims': await open(await token({ claims: { room: 'kitchen' } })),
  }
  ahead = 400_000
  results[name].late = await open(late)
  ahead = 0
  if (!ending) return
  const ended = await DIDSession.authorize(auth, { resources })
  const end = ending(await ended.createToken({ audience }))
  await end.begun
  await revocation.revoke(ended.cacao)
  results[name].revoked = await end.reason
}

async function listening(server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

// graphql-ws: the token is one of the connection parameters, which the client creates for each connection.
{
  const verify = verifierFor('graphql')
  const schema = buildSchema('type Query { me: String } type Subscription { ticks: String }')
  const http = createServer()
  const sockets = new WebSocketServer({ server: http })
  serveGraphQL(
    {
      schema,
      async onConnect(context) {
        const { token } = context.connectionParams ?? {}
        const caller = await verify(token).catch(() => undefined)
        if (!caller) return false
        const closed = new AbortController()
        context.extra.socket.on('close', () => closed.abort())
        const signal = untilSessionEnds(caller, { revocation, signal: closed.signal, now })
        signal.addEventListener('abort', () => context.extra.socket.close(4401, signal.reason.code))
        context.extra.caller = caller
        return true
      },
      roots: {
        query: { me: (_, { extra }) => extra.caller.account },
        subscription: {
          async *ticks() {
            yield { ticks: 'tick' }
            await new Promise(() => undefined)
          },
        },
      },
      context: ({ extra }) => ({ extra }),
    },
    sockets,
  )
  const url = `ws://127.0.0.1:${await listening(http)}`
  const client = (token, on = {}) =>
    createClient({
      url,
      webSocketImpl: WebSocket,
      connectionParams: async () => ({ token }),
      retryAttempts: 0,
      on,
    })
  const subscribed = (connection, query, next = () => undefined) =>
    new Promise((resolve, reject) => {
      let data
      connection.subscribe(
        { query },
        {
          next: (value) => {
            data = value.data
            next()
          },
          error: reject,
          complete: () => resolve(data),
        },
      )
    })
  const open = async (token) => {
    const connection = client(token)
    try {
      return (await subscribed(connection, '{ me }')).me
    } catch ({ code }) {
      return code
    } finally {
      connection.dispose()
    }
  }
  const ending = (token) => {
    let begin
    const begun = new Promise((resolve) => {
      begin = resolve
    })
    const reason = subscribed(client(token), 'subscription { ticks }', begin).catch(
      ({ code, reason }) => `${code} ${reason}`,
    )
    return { begun, reason }
  }
  await tried('graphql-ws', 'graphql', open, ending)
  http.closeAllConnections()
  http.close()
}

// Socket.IO: the token is sent as `auth`, which the client requests again for each connection.
{
  const verify = verifierFor('rooms')
  const http = createServer()
  const rooms = new SocketServer(http)
  rooms.use((socket, next) => {
    verify(socket.handshake.auth.token).then(
      (caller) => {
        socket.data.caller = caller
        next()
      },
      ({ code }) => next(Object.assign(new Error('refused'), { data: { code } })),
    )
  })
  rooms.on('connection', (socket) => {
    const { caller } = socket.data
    const closed = new AbortController()
    socket.on('disconnect', () => closed.abort())
    untilSessionEnds(caller, { revocation, signal: closed.signal, now }).addEventListener('abort', () =>
      socket.disconnect(true),
    )
    socket.emit('hello', caller.account)
  })
  const url = `http://127.0.0.1:${await listening(http)}`
  const connect = (token) => io(url, { forceNew: true, reconnection: false, auth: (give) => give({ token }) })
  const open = async (token) => {
    const socket = connect(token)
    try {
      return await Promise.race([
        once(socket, 'hello').then(([account]) => account),
        once(socket, 'connect_error').then(([{ message, data }]) =>
          message === 'refused' ? data.code : message,
        ),
      ])
    } finally {
      socket.disconnect()
    }
  }
  const ending = (token) => {
    const socket = connect(token)
    return { begun: once(socket, 'hello'), reason: once(socket, 'disconnect').then(([reason]) => reason) }
  }
  await tried('Socket.IO', 'rooms', open, ending)
  await rooms.close()
}

// gRPC: the token is in the metadata of each call.
{
  const verify = verifierFor('notes.Notes')
  const json = { serialize: (value) => Buffer.from(JSON.stringify(value)), deserialize: JSON.parse }
  const path = '/notes.Notes/Me'
  const me = {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: json.serialize,
    requestDeserialize: json.deserialize,
    responseSerialize: json.serialize,
    responseDeserialize: json.deserialize,
  }
  const server = new Server()
  server.addService(
    { me },
    {
      me(call, answer) {
        const [token] = call.metadata.get('session-token')
        verify(token).then(
          ({ account }) => answer(null, { account }),
          ({ code }) => answer({ code: status.UNAUTHENTICATED, details: code }),
        )
      },
    },
  )
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  const open = (token) => {
    const metadata = new Metadata()
    if (token) metadata.set('session-token', token)
    return new Promise((resolve) => {
      client.makeUnaryRequest(path, json.serialize, json.deserialize, {}, metadata, (error, answer) =>
        resolve(error ? error.details : answer.account),
      )
    })
  }
  await tried('gRPC', 'notes.Notes', open)
  client.close()
  server.forceShutdown()
}

console.log(JSON.stringify(results))
process.exit(0)
