import { callerOf, requireSession } from 'cacao-session/express'
import { options } from './options.js'

// The version is an argument: the same app runs on Express 4 and 5, as a server and as a lambda.
const { default: express } = await import(process.env.EXPRESS)

export const app = express()
// As when a prefix for a version or a tenant is removed before any router.
app.use((request, _, next) => {
  request.url = request.url.replace(/^\/v1\//, '/')
  next()
})
const router = express.Router()
router.use(requireSession(options), express.json())
router.post('/notes', (request, response) => {
  const { account, url } = callerOf(request)
  response.json({ account, url, note: request.body.note })
})
router.get('/notes', (request, response) => {
  const { account, url } = callerOf(request)
  response.json({ account, url, query: request.query, at: request.originalUrl })
})
app.use('/api', router)
