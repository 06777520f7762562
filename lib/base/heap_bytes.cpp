//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "base/heap_bytes.hpp"

#include <strait/detail/copy.hpp>

namespace strait::detail {

payload_part copy_payload(std::span<const std::byte> content) {
    auto own = std::make_shared<heap_bytes>(content.size());
    copy_memory(own->bytes().data(), content.data(), content.size());
    return {own, own->bytes()};
}

}  // namespace strait::detail
