import { SignInButton } from '../../components/session.jsx'

export default function Login() {
  return (
    <main>
      <h1 id="who">Sign in</h1>
      <SignInButton />
    </main>
  )
}
