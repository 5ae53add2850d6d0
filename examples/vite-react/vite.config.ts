import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { api } from './api.js'

export default defineConfig({
  plugins: [react(), api()],
  server: { host: 'localhost' },
  build: { rolldownOptions: { input: ['index.html', 'wagmi.html'] } },
})
