import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import serverless from 'serverless-http'
import { app } from './express-app.js'

const lambda = serverless(app)

// An event as API Gateway creates it (payload format 2.0): names in lower case and a body in base64.
createServer(async (request, response) => {
  const url = new URL(request.url, 'http://gateway')
  const body = await buffer(request)
  const answer = await lambda(
    {
      version: '2.0',
      rawPath: url.pathname,
      rawQueryString: url.search.slice(1),
      headers: request.headers,
      requestContext: { http: { method: request.method, path: url.pathname, sourceIp: '192.0.2.1' } },
      body: body.toString('base64'),
      isBase64Encoded: true,
    },
    {},
  )
  response.writeHead(answer.statusCode, answer.headers)
  response.end(Buffer.from(answer.body, answer.isBase64Encoded ? 'base64' : 'utf8'))
}).listen(process.env.PORT, '127.0.0.1', () => console.log('ready'))
