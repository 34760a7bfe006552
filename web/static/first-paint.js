// Runs before the first paint, so that neither the theme nor the language flashes. A file of its own, because the
// content security policy allows no inline script of ours.
(function () {
  var root = document.documentElement;
  var read = function (key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  var system = matchMedia('(prefers-color-scheme: dark)');
  var show = function () {
    var theme = read('serverkit.theme');
    root.dataset.theme = theme === 'dark' || (theme !== 'light' && system.matches) ? 'dark' : 'light';
  };
  show();
  // Who is not in yet has no other part of the dashboard that follows the system.
  system.addEventListener('change', show);
  var language = read('serverkit.language') || (navigator.language || 'en').slice(0, 2);
  root.lang = language === 'fr' ? 'fr' : 'en';
})();
