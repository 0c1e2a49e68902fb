// Drives the overlay of ReconnectOverlay.razor beyond what Blazor does by itself (it sets the classes).
(function () {
  const overlay = document.getElementById('components-reconnect-modal');
  if (!overlay) return;
  let rejected = false;

  async function again() {
    try {
      if (await Blazor.reconnect()) return;
      // Reached, but the circuit is gone (the portal was restarted): only a fresh page helps.
      location.reload();
    } catch { /* still unreachable: the overlay stays */ }
  }

  overlay.addEventListener('components-reconnect-state-changed', e => {
    if (e.detail.state === 'rejected' && !rejected) { rejected = true; location.reload(); }
  });
  document.getElementById('components-reconnect-button')?.addEventListener('click', () => location.reload());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && overlay.classList.contains('components-reconnect-failed')) again();
  });
})();
