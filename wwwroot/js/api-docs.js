// The copy buttons of the API reference, a page without a circuit.
import { copy } from './portal.js';

document.addEventListener('click', async e => {
  const button = e.target.closest('button[data-copy]');
  if (!button) return;
  const copied = await copy(button.parentElement.querySelector('pre').textContent);
  button.textContent = copied ? 'Copied' : 'Not allowed';
  setTimeout(() => { button.textContent = 'Copy'; }, 2000);
});
