import { startPage } from '../demo/start-page.js'

// node examples/web-storage/start.js

startPage('Web Storage', new URL('./', import.meta.url))
