//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_ENDS_VIEW_TARGET_HPP
#define STRAIT_DETAIL_ENDS_VIEW_TARGET_HPP

#include <strait/detail/ends/end_operations.hpp>
#include <strait/detail/payload.hpp>

#include <memory>
#include <utility>

namespace strait::detail {

// void(error_code, View): the bytes of a message, where they lie.
template <class View>
class view_target {
public:
    void prepare() noexcept {}

    error_code accept(
        const std::shared_ptr<receiver_core>&, incoming_message& message, diagnostics&) {
        error_code ec;
        part_ = view_payload(message, ec);
        return ec;
    }

    template <class Handler>
    void complete(Handler& handler, const error_code& ec) {
        std::move(handler)(ec, end_access::make<View>(std::move(part_)));
    }

private:
    payload_part part_;
};

}  // namespace strait::detail

#endif
