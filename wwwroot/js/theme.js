// Loaded in <head> without defer: sets the theme before the first pixel, so that no page flashes in the other one.
(function () {
  const key = 'portal.theme';
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let chosen = null; // stands in where the browser keeps nothing
  function remembered() {
    try { return localStorage.getItem(key); } catch { return chosen; }
  }
  function apply() {
    const choice = remembered();
    const theme = choice === 'light' || choice === 'dark' ? choice : dark.matches ? 'dark' : 'light';
    if (document.documentElement.dataset.theme === theme) return;
    document.documentElement.dataset.theme = theme;
    document.dispatchEvent(new CustomEvent('portal:theme', { detail: theme }));
  }
  apply();
  dark.addEventListener('change', apply);
  addEventListener('storage', e => { if (e.key === key) apply(); });
  document.addEventListener('portal:choose-theme', e => {
    chosen = e.detail;
    try { if (chosen === 'system') localStorage.removeItem(key); else localStorage.setItem(key, chosen); } catch { /* then it lasts as long as the page */ }
    apply();
  });
})();
