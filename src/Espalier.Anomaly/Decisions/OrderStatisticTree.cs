using Espalier.Randomness;

namespace Espalier.Anomaly.Decisions;

/// <summary>A growing set of numbers that tells how many lie below a number, in logarithmic time: a treap that knows the sizes of its branches.</summary>
internal sealed class OrderStatisticTree
{
    private const int None = -1;

    private readonly List<double> _key = [];
    private readonly List<ulong> _priority = [];
    private readonly List<int> _left = [];
    private readonly List<int> _right = [];
    private readonly List<int> _size = [];
    private int _root = None;

    public int Count => _key.Count;

    /// <summary>The numbers in the order in which they were added.</summary>
    public IReadOnlyList<double> Added => _key;

    public void Add(double key)
    {
        int node = _key.Count;
        _key.Add(key);
        _priority.Add(new SplitMix64(node, 59).Next());
        _left.Add(None);
        _right.Add(None);
        _size.Add(1);
        _root = Insert(_root, node);
    }

    /// <summary>How many are below a number, and how many equal it.</summary>
    public (int Below, int Equal) Rank(double key)
    {
        (int below, int belowOrEqual) = (0, 0);
        for (int node = _root; node != None;)
        {
            if (_key[node] < key)
            {
                below += Size(_left[node]) + 1;
                node = _right[node];
            }
            else
            {
                node = _left[node];
            }
        }

        for (int node = _root; node != None;)
        {
            if (_key[node] <= key)
            {
                belowOrEqual += Size(_left[node]) + 1;
                node = _right[node];
            }
            else
            {
                node = _left[node];
            }
        }

        return (below, belowOrEqual - below);
    }

    private int Insert(int root, int node)
    {
        if (root == None)
            return node;
        if (_priority[node] > _priority[root])
        {
            (_left[node], _right[node]) = Split(root, _key[node]);
            Measure(node);
            return node;
        }

        if (_key[node] < _key[root])
            _left[root] = Insert(_left[root], node);
        else
            _right[root] = Insert(_right[root], node);
        _size[root]++;
        return root;
    }

    private (int Below, int Above) Split(int root, double key)
    {
        if (root == None)
            return (None, None);
        if (_key[root] < key)
        {
            (int below, int atLeast) = Split(_right[root], key);
            _right[root] = below;
            Measure(root);
            return (root, atLeast);
        }
        else
        {
            (int below, int atLeast) = Split(_left[root], key);
            _left[root] = atLeast;
            Measure(root);
            return (below, root);
        }
    }

    private void Measure(int node) => _size[node] = Size(_left[node]) + Size(_right[node]) + 1;

    private int Size(int node) => node == None ? 0 : _size[node];
}
