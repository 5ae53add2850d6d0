import { attackExample } from '../attack-example.js'
import { describePages } from '../pages-example.js'

describePages({
  name: 'next',
  ready: /Ready in/,
  attack: (port) =>
    attackExample(port, {
      domain: `localhost:${port}`,
      method: 'POST',
      target: '/api/notes',
      // Next.js answers a target in absolute form with a redirect to it.
      seesAbsoluteTargets: false,
    }),
})
