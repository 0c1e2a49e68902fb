using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Portal.Testing.Kubernetes.Access;

/// <summary>The bearer tokens that the cluster knows.</summary>
internal sealed class UserDirectory
{
    private readonly ConcurrentDictionary<string, ClusterUser> _byToken = new();
    private readonly ConcurrentDictionary<string, string> _tokens = new();

    /// <summary>A user's token, made when there is none.</summary>
    public string TokenOf(ClusterUser user) => _tokens.GetOrAdd(user.Name, name =>
    {
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        _byToken[token] = user;
        return token;
    });

    /// <summary>Who a token stands for, or null when it is unknown or no longer good.</summary>
    public ClusterUser? Find(string token) => _byToken.GetValueOrDefault(token);

    /// <summary>Makes the user's token worthless; the next <see cref="TokenOf"/> makes another.</summary>
    public void Expire(string name)
    {
        if (_tokens.TryRemove(name, out var token))
            _byToken.TryRemove(token, out _);
    }
}
