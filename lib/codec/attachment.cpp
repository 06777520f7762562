//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/codec.hpp>

namespace strait::detail {

void save_handle(output_archive& ar, const handle& h) {
    if (!h.is_open()) throw_empty_end();
    ar.put_number(ar.attachments().add(h));
}

void load_handle(input_archive& ar, handle& h) {
    const auto index = ar.get_number<std::uint32_t>();
    h = ar.attachments().take_handle(index);
}

}  // namespace strait::detail
