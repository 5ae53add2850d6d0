import type { ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import './style.css'

/** Renders the page. */
export function render(page: ReactNode): void {
  const root = document.getElementById('root')
  if (root) createRoot(root).render(page)
}
