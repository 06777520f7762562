//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CONFIG_HPP
#define STRAIT_DETAIL_CONFIG_HPP

// STRAIT_DECL marks what the compiled library exports. With the shared library everything else is
// hidden; with the static library it means nothing.

#if defined(STRAIT_SHARED)
#if defined(_WIN32)
#if defined(STRAIT_BUILDING)
#define STRAIT_DECL __declspec(dllexport)
#else
#define STRAIT_DECL __declspec(dllimport)
#endif
#else
#define STRAIT_DECL __attribute__((visibility("default")))
#endif
#else
#define STRAIT_DECL
#endif

#endif
