import { ethereumVerifiers } from 'cacao-session/ethereum'
import { requireSession } from 'cacao-session/fetch'

export default requireSession(
  {
    verifiers: ethereumVerifiers(),
    authority: 'api.example.com',
    domains: ['app.example.com'],
    resources: ['https://api.example.com/notes'],
    // The same request is sent to each process.
    maxAgeSecs: 3600,
  },
  async (_, { account }) => Response.json({ account }),
)
