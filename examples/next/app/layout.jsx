import { SessionProvider } from '../components/session.jsx'

export const metadata = { title: 'Pages that know who is signed in' }

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <SessionProvider>{children}</SessionProvider>
      </body>
    </html>
  )
}
