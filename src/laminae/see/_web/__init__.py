"""The built page: from web/, by `npm run build`."""
