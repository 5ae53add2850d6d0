import { attackExample } from '../attack-example.js'
import { describePages } from '../pages-example.js'

describePages({
  name: 'sveltekit',
  ready: /Listening on/,
  attack: (port) =>
    attackExample(port, {
      domain: `localhost:${port}`,
      method: 'POST',
      target: '/api/notes',
    }),
})
