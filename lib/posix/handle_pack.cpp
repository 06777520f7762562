//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/handle_pack.hpp"

#include "posix/stream.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace strait::detail::os {

handle pack_handles(std::span<const handle* const> handles, error_code& ec) {
    auto [pack, writing] = connected_pair(ec);
    if (ec) return {};
    set_reserve(writing, true);
    const std::byte ignored{};
    const piece carrier{&ignored, 1};
    while (!handles.empty()) {
        const auto some = handles.first(std::min(handles.size(), max_handles_per_write));
        ec = send_some(writing, {&carrier, 1}, some).ec;
        if (ec == boost::asio::error::would_block) ec = boost::asio::error::no_buffer_space;
        if (ec) return {};
        handles = handles.subspan(some.size());
    }
    return std::move(pack);
}

error_code unpack_handles(const handle& pack, std::size_t count, std::vector<handle>& to) {
    to.reserve(to.size() + count);
    std::byte ignored;
    std::vector<handle_batch> batches;
    for (;;) {
        const io_result io = recv_some(pack, {&ignored, 1}, batches, false);
        if (io.ec == boost::asio::error::no_buffer_space) return io.ec;
        if (!io.ec && io.bytes == 0 && count == 0) return {};
        if (io.ec || batches.empty()) return error::bad_attachment;
        for (handle_batch& batch : batches) {
            if (batch.lost) return error::handles_lost;
            if (batch.handles.size() > count) return error::bad_attachment;
            count -= batch.handles.size();
            std::move(batch.handles.begin(), batch.handles.end(), std::back_inserter(to));
        }
        batches.clear();
    }
}

}  // namespace strait::detail::os
