/* Passkeys. A form that has `data-passkey` is sent by this script alone: it asks the server for a question, the browser for an answer, and puts
   the answer into the form's hidden fields. Nothing else of any page needs it. */
(() => {
  'use strict';
  const bytes = text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  const ask = async form => {
    const reply = await fetch(form.dataset.ask, { method: 'POST', body: new URLSearchParams({ csrf: form.elements.csrf.value }) });
    if (!reply.ok || !(reply.headers.get('content-type') ?? '').startsWith('application/json')) throw new Error('The page is too old. Load it again.');
    return reply.json();
  };
  const make = async asked => {
    const made = await navigator.credentials.create({ publicKey: {
      challenge: bytes(asked.challenge),
      rp: { id: asked.host, name: asked.house },
      user: { id: bytes(asked.user), name: asked.name, displayName: asked.name },
      pubKeyCredParams: asked.algorithms.map(alg => ({ type: 'public-key', alg })),
      excludeCredentials: asked.known.map(id => ({ type: 'public-key', id: bytes(id) })),
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none', timeout: 240000,
    } });
    const said = made.response;
    return { id: made.rawId, client: said.clientDataJSON, authenticator: said.getAuthenticatorData(), public_key: said.getPublicKey() };
  };
  const use = async asked => {
    const used = await navigator.credentials.get({ publicKey: { challenge: bytes(asked.challenge), rpId: asked.host, userVerification: 'required', timeout: 240000 } });
    const said = used.response;
    return { id: used.rawId, client: said.clientDataJSON, authenticator: said.authenticatorData, signature: said.signature };
  };
  const why = error => ({
    NotAllowedError: 'Nothing was chosen, or it took too long. Try again.',
    InvalidStateError: 'This device has a passkey for this account already.',
    SecurityError: 'Passkeys do not work at this address. They need https and a name.',
    NotSupportedError: 'This browser or device knows no passkeys of the kind that is taken here.',
  }[error.name] ?? (error.message || 'The browser did not say why it did not work.'));

  for (const form of document.querySelectorAll('form[data-passkey]')) {
    const said = form.querySelector('[data-passkey-said]');
    const tell = sentence => { said.textContent = sentence; said.hidden = !sentence; };
    if (!window.PublicKeyCredential) { tell('This browser knows no passkeys.'); form.querySelector('button').disabled = true; continue; }
    form.addEventListener('submit', async event => {
      event.preventDefault();
      tell('');
      try {
        const answer = await (form.dataset.passkey === 'make' ? make : use)(await ask(form));
        for (const [name, value] of Object.entries(answer)) form.elements[name].value = text(value);
        form.submit();
      } catch (error) { tell(why(error)); }
    });
  }
})();
