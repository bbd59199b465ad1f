// The default theme without its web font: the reader's own fonts are there already.
import DefaultTheme from 'vitepress/theme-without-fonts';
import './chart.css';
import './style.css';

export default DefaultTheme;
