import { startPage } from '../demo/start-page.js'

// node examples/buttons/start.js

startPage('Buttons', new URL('./', import.meta.url))
