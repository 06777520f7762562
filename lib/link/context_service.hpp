//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_CONTEXT_SERVICE_HPP
#define STRAIT_LIB_LINK_CONTEXT_SERVICE_HPP

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>

#include <memory>
#include <mutex>
#include <vector>

namespace strait::detail {

// What waits on behalf of an execution context and must let go when that goes away.
class context_client {
public:
    // Destroys the operations that were started on `context` and takes its descriptors out of it.
    virtual void on_shutdown(boost::asio::execution_context& context) noexcept = 0;

protected:
    ~context_client() = default;
};

// Tells its clients that their execution context goes away, so that handlers that wait are
// destroyed with it, whatever they keep alive.
class context_service final : public boost::asio::execution_context::service {
public:
    using key_type = context_service;
    static inline boost::asio::execution_context::id id;

    explicit context_service(boost::asio::execution_context& context) : service(context) {}

    void add(const std::weak_ptr<context_client>& client);

    // The service of the executor's context.
    static context_service& of(const boost::asio::any_io_executor& executor);

private:
    void shutdown() override;

    std::mutex mutex_;
    std::vector<std::weak_ptr<context_client>> clients_;
    std::size_t sweep_at_ = 64;  // clients that are gone are swept out when so many are listed
};

}  // namespace strait::detail

#endif
