//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_VERSION_HPP
#define STRAIT_VERSION_HPP

#include <cstdint>

#define STRAIT_VERSION_MAJOR 0
#define STRAIT_VERSION_MINOR 1
#define STRAIT_VERSION_PATCH 0

namespace strait {

/// The version of what strait puts on a link. Both sides must have the same: ends that meet a peer
/// of another one report `error::version_mismatch`.
inline constexpr std::uint16_t protocol_version = 1;

}  // namespace strait

#endif
